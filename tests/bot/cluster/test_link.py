"""The bot and its gateway: frames, a gateway that ends, and settings without secrets. No cluster is needed."""

import asyncio
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.app.machines import Machines
from bot.cluster.drafter import ClusterDrafter
from bot.cluster.frames import framed, read_frame
from bot.cluster.link import GatewayLink
from bot.cluster.messages import Answer, Ask
from bot.cluster.plan import plan_for
from bot.cluster.trainer import ClusterTrainer
from bot.core.config import Config
from bot.core.config.cluster import ClusterSettings
from bot.core.errors import ClusterUnavailable
from bot.trainings.child import ChildTrainer
from bot.trainings.trainer import Trainer
from huggingtweets.core.config.settings import GenerationSettings, Settings
from huggingtweets.core.errors import Busy, Misconfigured
from huggingtweets.generation.engine import Engine
from huggingtweets.registry.version import Version
from huggingtweets.registry.versions import Registry
from huggingtweets.workflow.pipeline import Outcome
from tests.huggingtweets.generation.drafter_contract import ask, drawn_by_the_engine

TOKEN = "hush-" * 8


def pipe_with(content: bytes) -> asyncio.StreamReader:
    pipe = asyncio.StreamReader()
    pipe.feed_data(content)
    pipe.feed_eof()
    return pipe


async def test_values_come_out_as_they_went_in_and_half_of_one_is_the_end() -> None:
    messages = [Ask(1, "draw", ("ünïcode", 2.5), {"patient": True}), Answer(1, error=Busy(3.0))]
    content = b"".join(map(framed, messages))
    pipe = pipe_with(content)
    first, second = await read_frame(pipe), await read_frame(pipe)
    assert first == messages[0]
    assert (type(second.error), second.error.retry_after_seconds) == (Busy, 3.0)
    for cut in (0, 3, 20, len(content) - 1):
        torn = pipe_with(content[:cut])
        with pytest.raises(EOFError):
            [await read_frame(torn) for _ in range(3)]


def test_no_secret_is_in_the_plan(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[cluster]\naddress = "auto"\n')
    names = {"RAY_AUTH_TOKEN": TOKEN, "HF_TOKEN": TOKEN, "X_BEARER_TOKEN": TOKEN, "WANDB_API_KEY": TOKEN}
    config = Config.load(tmp_path / "config.toml", names)
    assert config.cluster.token
    plan = plan_for(config, config.cluster)
    assert TOKEN.encode() not in pickle.dumps(plan)
    assert type(plan.settings) is Settings
    assert plan.settings.storage.models.is_absolute()
    assert config.secret_names >= {"RAY_AUTH_TOKEN"}


def test_a_cluster_without_a_token_must_be_wanted(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[cluster]\naddress = "auto"\n')
    with pytest.raises(Misconfigured, match="RAY_AUTH_TOKEN is not set; give every machine the same token"):
        Config.load(file, {})
    file.write_text('[cluster]\naddress = "ray://gpu-1:10001"\nwithout_token = true\n')
    assert Config.load(file, {}).cluster.address == "ray://gpu-1:10001"


def test_a_password_in_the_address_of_a_store_is_refused_and_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[cluster]\nstorage = "sftp://ann:{TOKEN}@host/voices"\n')
    with pytest.raises(Misconfigured, match="storage has a password in it") as caught:
        Config.load(file, {})
    assert TOKEN not in str(caught.value)
    file.write_text('[cluster]\nstorage = "abfs://voices@account.example.org/house"\n')
    assert Config.load(file, {}).cluster.is_remote_storage


@pytest.mark.parametrize("address", ["gpu-1", "http://gpu-1:8265", "ray://", "auto:1 --x"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        ClusterSettings(address=address, without_token=True)


@pytest.mark.parametrize(
    ("settings", "trainer"),
    [
        ({"address": "gpu-1:6379"}, ClusterTrainer),
        ({"address": "gpu-1:6379", "train": False}, ChildTrainer),
        ({"address": "gpu-1:6379", "storage": "s3://bucket/voices"}, ChildTrainer),
        ({"address": "ray://gpu-1:10001"}, ChildTrainer),
    ],
)
async def test_voices_are_trained_elsewhere_only_where_that_can_be_followed(
    settings: dict[str, Any],
    trainer: type[Trainer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bot.cluster.link.MODULE", "this")
    config = Config(cluster=ClusterSettings(without_token=True, draw=False, **settings))
    machines = Machines(config, None)
    async with machines:
        assert isinstance(machines.trainer(Registry(tmp_path)), trainer)
    is_said = any("voices are trained on this machine" in line for line in caplog.messages)
    assert is_said == bool(settings.keys() & {"storage"} or settings["address"].startswith("ray://"))


@pytest.fixture
def nowhere(trained: tuple[Settings, Outcome], monkeypatch: pytest.MonkeyPatch) -> GatewayLink:
    """A gateway that ends at once, as one does whose cluster is not there."""
    monkeypatch.setattr("bot.cluster.link.MODULE", "this")
    plan = plan_for(trained[0], ClusterSettings(address="127.0.0.1:1", without_token=True))
    return GatewayLink(plan, SecretStr(TOKEN), again_seconds=0.05)


async def test_without_a_cluster_the_engine_here_draws_and_the_log_says_why(
    nowhere: GatewayLink,
    trained: tuple[Settings, Outcome],
    tiny_generation: GenerationSettings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    version: Version = trained[1].version
    own = Engine(tiny_generation)
    async with nowhere as link, ClusterDrafter(tiny_generation, link, own) as drafter:
        drafts = await drafter.draw(ask(version))
        async with asyncio.timeout(120):
            while not any("is not there, and is looked for again" in line for line in caplog.messages):
                await asyncio.sleep(0.01)
        assert drafter.problem == ""
        with pytest.raises(ClusterUnavailable, match="The cluster is not connected"):
            await link.ask("draw")
    assert [drafts] == await drawn_by_the_engine(tiny_generation, ask(version))
    assert len([line for line in caplog.messages if "looked for again" in line]) == 1, "it is said once, not each time"


async def test_where_nothing_is_drawn_here_people_are_told_to_come_back(
    nowhere: GatewayLink, trained: tuple[Settings, Outcome], tiny_generation: GenerationSettings
) -> None:
    from huggingtweets.core.errors import NotNow, Unavailable

    soon = tiny_generation.model_copy(update={"timeout_seconds": 0.2})
    async with nowhere as link, ClusterDrafter(soon, link) as drafter:
        with pytest.raises(NotNow, match=r"Drawing took longer than 0\.2 s"):
            await drafter.draw(ask(trained[1].version))
        with pytest.raises(Unavailable, match="Nothing can be drawn"):
            await drafter.answers()
