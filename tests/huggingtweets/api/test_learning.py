"""A voice is learned by one call, which tells its progress, and can be cancelled and taken up again."""

import asyncio
from pathlib import Path

import pytest

from huggingtweets import Progress, Voice, learn, learn_async
from huggingtweets.core.config.settings import Settings
from huggingtweets.core.errors import TooLittleData
from huggingtweets.core.events import STAGES


def test_learning_gives_a_voice_and_tells_each_stage(tiny_settings: Settings, sample_file: Path) -> None:
    told: list[Progress] = []
    voice = learn("ann", sample_file, config=tiny_settings, on_progress=told.append, seed=3, method="lora")
    assert [stage for stage in STAGES if stage not in {progress.stage for progress in told}] == []
    assert (voice.name, voice.version, voice.in_use) == ("ann", "v1", True)
    assert len(voice.tweets("the crew", 2)) == 2
    assert Voice.load("ann", config=tiny_settings).version == "v1"


def test_what_cannot_be_learned_is_raised(tiny_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "few.txt").write_text("one tweet is not enough\n")
    with pytest.raises(TooLittleData):
        learn("ann", str(tmp_path / "few.txt"), config=tiny_settings)


async def test_a_cancelled_learning_ends_soon_and_the_next_one_goes_on(
    tiny_settings: Settings, sample_file: Path
) -> None:
    told: list[Progress] = []
    began = asyncio.Event()

    def hear(progress: Progress) -> None:
        told.append(progress)
        if progress.stage == "train":
            began.set()

    work = asyncio.create_task(learn_async("ann", sample_file, config=tiny_settings, on_progress=hear))
    await began.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert "register" not in {progress.stage for progress in told}
    assert not (tiny_settings.storage.models / "ann" / "current.json").exists()
    voice = await learn_async("ann", sample_file, config=tiny_settings)
    assert (voice.version, len(await voice.tweets_async(count=1))) == ("v1", 1)
