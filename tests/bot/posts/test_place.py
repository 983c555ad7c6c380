"""An account is shown as people know it."""

import pytest

from bot.core.config import XSettings
from bot.posts.place import label_of, on_x


@pytest.mark.parametrize(
    ("account", "label"),
    [("ann", "X as @ann"), ("bluesky:ann.bsky.social", "Bluesky as @ann.bsky.social"), (XSettings().name, "X")],
)
def test_an_account_has_its_network_and_its_handle_if_the_settings_name_one(account: str, label: str) -> None:
    assert label_of(account) == label
    if account == XSettings().name:
        assert on_x(account).label == label
