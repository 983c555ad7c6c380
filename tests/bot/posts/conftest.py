"""Fixtures of the tests of posting on all networks."""

from typing import Any

import pytest


@pytest.fixture
def changed() -> dict[str, Any]:
    """Settings that a test replaces."""
    return {}
