"""What is typed into the page, and the answers."""

import io
import shutil
from pathlib import Path

import pytest
from PIL import Image

from bot.playground.chat import Answer, Chat, Drawn, Learning, Picture, Said


@pytest.fixture
def chat(use_cases) -> Chat:
    return Chat(tweeting=use_cases.tweeting, training=use_cases.training)


async def answers(chat: Chat, line: str, files: tuple[Path, ...] = (), count: int = 1) -> list[Answer]:
    return [answer async for answer in chat.answers("test:1", line, files, count)]


async def test_tweetlike_draws_as_many_tweets_as_asked(chat: Chat) -> None:
    (answer,) = await answers(chat, "/tweetlike @Ann our rover", count=2)
    assert isinstance(answer, Drawn)
    assert (answer.name, answer.version, len(answer.texts)) == ("ann", "v1", 2)
    assert all(text.startswith("our rover") for text in answer.texts)


async def test_picture_draws_the_tweets_as_a_picture(chat: Chat) -> None:
    (picture,) = await answers(chat, "/picture @ann she", count=2)
    assert isinstance(picture, Picture), picture
    assert Image.open(io.BytesIO(picture.png)).size == (1200, 630)
    assert picture.description.startswith("AI parody: she")


async def test_models_lists_the_voices(chat: Chat) -> None:
    (answer,) = await answers(chat, "/models")
    assert isinstance(answer, Said)
    assert answer.text.startswith("@ann v1")


async def test_train_shows_progress_and_ends_with_the_counts(chat: Chat, sample_file: Path) -> None:
    *progress, last = await answers(chat, "/train bob", (sample_file,))
    assert all(isinstance(answer, Learning) for answer in progress)
    assert progress
    assert isinstance(last, Said)
    assert "I have learned bob (v1)" in last.text
    assert "250 downloaded" in last.text


async def test_a_version_that_is_not_used_says_why(chat: Chat, use_cases, sample_file: Path) -> None:
    config = use_cases.home.config_file
    config.write_text(config.read_text().replace("max_near_copies = 1.0", "max_near_copies = 0.0"))
    *_, last = await answers(chat, "/train bob", (sample_file,))
    assert isinstance(last, Said)
    assert "kept. Not used, because" in last.text
    assert "Try /tweetlike" not in last.text


async def test_a_running_training_is_shown_to_everybody(chat: Chat, sample_file: Path) -> None:
    async for _ in chat.answers("test:1", "/train bob", (sample_file,)):
        (state,) = await chat.learning()
        assert state.name == "bob"
        assert state.stage in ("waiting", "running")  # whichever it is by now
        break


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "/tweetlike @name"),
        ("/help", "/tweetlike @name"),
        ("/tweetlike", "Like whom?"),
        ("/train", "Whose tweets"),
        ("/nonsense x", "I do not know /nonsense"),
        ("hello", "I do not know hello"),
        ("/tweetlike nobody", "I do not know nobody yet"),
    ],
)
async def test_what_is_not_understood_is_answered(chat: Chat, line: str, says: str) -> None:
    (answer,) = await answers(chat, line)
    assert isinstance(answer, Said)
    assert says in answer.text


async def test_files_without_a_word_are_asked_about(chat: Chat, sample_file: Path) -> None:
    (answer,) = await answers(chat, "", (sample_file,))
    assert isinstance(answer, Said)
    assert "Whose tweets" in answer.text


@pytest.mark.parametrize("line", ["/train bob", "/train", "", "/models", "/nonsense"])
async def test_what_was_uploaded_is_deleted_and_nothing_else(
    use_cases, tmp_path: Path, sample_file: Path, line: str
) -> None:
    uploads = tmp_path / "page-uploads"
    uploads.mkdir()
    chat = Chat(tweeting=use_cases.tweeting, training=use_cases.training, uploads=uploads)
    uploaded = Path(shutil.copy(sample_file, uploads))
    async for _ in chat.answers("test:1", line, (uploaded, sample_file)):
        if line == "/train bob":
            assert not uploaded.exists(), "as soon as it was copied"
            break
    assert not uploaded.exists()
    assert sample_file.exists()


async def test_a_damaged_voice_is_an_answer_too(chat: Chat, use_cases) -> None:
    (use_cases.home.registry.current("ann").adapter / "adapter_model.safetensors").write_bytes(b"rubbish")
    (answer,) = await answers(chat, "/tweetlike ann")
    assert isinstance(answer, Said)
    assert "cannot be used" in answer.text
