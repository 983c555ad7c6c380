"""Programs draw tweets with a line: from plain code, from a loop that runs, and as the command line draws them."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from huggingtweets import Voice
from huggingtweets.core.config.settings import Settings, WordsSettings
from huggingtweets.core.errors import UnknownModel, UnknownVersion, Usage
from huggingtweets.tweets.kept.tweet_store import TweetStore
from huggingtweets.workflow.pipeline import Outcome


@pytest.fixture
def ann(trained: tuple[Settings, Outcome]) -> Voice:
    return Voice.load("ann", config=trained[0])


def test_a_voice_draws_as_many_tweets_as_asked_and_the_same_for_the_same_seed(ann: Voice) -> None:
    tweets = ann.tweets("the crew", 3, seed=5)
    assert len(tweets) == 3
    assert all(tweet.startswith("the crew") for tweet in tweets)
    drawn = ann.draw("the crew", 3, seed=5)
    assert (list(drawn.texts), drawn.seed, drawn.version) == (tweets, 5, "v1")
    assert (ann.name, ann.version, ann.in_use, repr(ann)) == ("ann", "v1", True, "Voice('ann', version='v1')")
    assert ann.verdict.endswith(".")


async def test_async_code_draws_the_same_and_plain_code_does_while_a_loop_runs(ann: Voice) -> None:
    """A notebook runs a loop of its own all the time."""
    several = await asyncio.gather(*(ann.tweets_async("the crew", 2, seed=seed) for seed in (5, 6)))
    assert several == [ann.tweets("the crew", 2, seed=seed) for seed in (5, 6)]
    asking = asyncio.create_task(ann.tweets_async("the crew", 50))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert len(await ann.tweets_async("the crew", 1)) == 1, "a cancellation harms nobody else"


def test_a_blend_and_a_version_are_loaded_by_name(trained: tuple[Settings, Outcome]) -> None:
    blend = Voice.load("0.5*ann+0.25*ann", config=trained[0])
    assert (blend.name, blend.verdict, blend.in_use) == ("0.75*ann", "", False)
    assert len(blend.tweets(count=1)) == 1
    assert Voice.load("@Ann", version="v1", config=trained[0]).version == "v1"
    with pytest.raises(UnknownVersion):
        Voice.load("ann", version="v9", config=trained[0])
    with pytest.raises(UnknownModel, match=r"Did you mean ann\?"):
        Voice.load("anm", config=trained[0])
    with pytest.raises(Usage, match="ask for 1 to 50"):
        Voice.load("ann", config=trained[0]).tweets(count=51)


def test_who_was_forgotten_has_no_voice_here_either(tiny_settings: Settings, sample_file: Path) -> None:
    TweetStore(tiny_settings.tweets).forget("ann", [])
    for voice in (lambda: Voice.load("ann", config=tiny_settings),
                  lambda: Voice.preview("ann", sample_file, config=tiny_settings)):  # fmt: skip
        with pytest.raises(Exception, match="forgotten"):
            voice()


def test_a_preview_draws_from_a_file_at_once(tiny_settings: Settings, sample_file: Path) -> None:
    voice = Voice.preview("ann", sample_file, config=tiny_settings)
    assert (voice.version, len(voice.tweets("the crew", 2))) == ("preview", 2)


def test_importing_the_package_loads_nothing_and_a_program_ends_after_it_drew(
    trained: tuple[Settings, Outcome],
) -> None:
    light = "import sys, huggingtweets; print(sorted({'torch', 'pydantic', 'asyncio', 'numpy'} & set(sys.modules)))"
    assert python(light) == "[]\n"
    assert python("import huggingtweets; print('learn' in dir(huggingtweets), huggingtweets.learn.__name__)") == (
        "True learn\n"
    )
    home = trained[0].storage.models.parent
    (home / "api.toml").write_text(f'[training]\nbase = "{trained[0].training.base}"\n[generation]\nthreads = 1\n')
    voice = f"huggingtweets.Voice.load('ann', config={str(home / 'api.toml')!r})"
    assert python(f"import huggingtweets; print(len({voice}.tweets('the', 2)))") == "2\n"


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-W", "error::ResourceWarning", "-c", program],
                          capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_words_that_the_settings_block_are_in_no_tweet(trained: tuple[Settings, Outcome]) -> None:
    settings = trained[0].model_copy(update={"words": WordsSettings(blocked=["crew"])})
    with pytest.raises(Usage, match="begin in another way"):
        Voice.load("ann", config=settings).tweets("the crew")
    assert Voice.load("ann", config=trained[0]).tweets("the crew", 1), "other settings have a writer of their own"


def test_a_voice_answers_what_was_said_and_is_as_daring_and_as_long_as_asked(ann: Voice) -> None:
    plain, answers = ann.tweets(count=2, seed=5), ann.tweets(count=2, seed=5, reply_to="is the fog thick, @bob?")
    assert plain != answers
    assert answers == ann.tweets(count=2, seed=5, reply_to="is the fog thick, @carol?"), "handles are taken out"
    assert max(map(len, ann.tweets(count=3, length="shorter", seed=5))) <= min(
        map(len, ann.tweets(count=3, length="longer", seed=5))
    )
    assert ann.tweets(count=2, temperature=0.5, seed=5) != plain
    for wrong in ({"reply_to": "x" * 281}, {"temperature": 9.0}, {"length": "tiny"}, {"seed": -1}):
        with pytest.raises(Usage, match=r"281|9|tiny|-1"):
            ann.tweets(**wrong)
