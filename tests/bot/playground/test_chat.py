"""Lines that visitors type into the page, and the answers."""

import io
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from bot.playground.attachments import Attachments
from bot.playground.chat import Answer, Chat, Drawn, Learning, Picture, Said
from bot.playground.visitors import Visitor

VISITOR = Visitor("1" * 32)
SOMEBODY_ELSE = Visitor("2" * 32)


@pytest.fixture
def attachments(tmp_path: Path) -> Attachments:
    return Attachments(tmp_path / "page-uploads")


@pytest.fixture
def chat(use_cases, attachments: Attachments) -> Chat:
    return Chat(tweeting=use_cases.tweeting, training=use_cases.training, attachments=attachments)


@pytest.fixture
def attached(attachments: Attachments, sample_file: Path) -> Path:
    """The sample account's tweets, as the visitor has attached them."""
    return attach(attachments, sample_file)


def attach(attachments: Attachments, file: Path, visitor: Visitor = VISITOR) -> Path:
    path = attachments.home / visitor.session / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, path)
    attachments.came(visitor.session, [str(path)])
    return path


async def answers(chat: Chat, line: str, files: tuple[Path, ...] = (), count: int = 1) -> list[Answer]:
    return [answer async for answer in chat.answers(VISITOR, line, files, count)]


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
    assert re.fullmatch(r"@ann v1, learned on \d{4}-\d{2}-\d{2}\. (Faint|Fair): it has picked up .*\.", answer.text)


async def test_train_shows_progress_and_ends_with_the_counts(chat: Chat, attached: Path) -> None:
    *progress, last = await answers(chat, "/train bob", (attached,))
    assert all(isinstance(answer, Learning) for answer in progress)
    assert progress
    assert isinstance(last, Said)
    assert "I have learned bob (v1)" in last.text
    assert "250 downloaded" in last.text
    assert re.search(r"kept\. (Faint|Fair): it has picked up .*\. Try /tweetlike @bob", last.text)


async def test_a_version_that_is_not_used_says_why(chat: Chat, use_cases, attached: Path) -> None:
    config = use_cases.home.config_file
    config.write_text(config.read_text().replace("max_near_copies = 1.0", "max_near_copies = 0.0"))
    *_, last = await answers(chat, "/train bob", (attached,))
    assert isinstance(last, Said)
    assert re.search(r"kept\. (Faint|Fair): .*\. Not used, because", last.text)
    assert "Try /tweetlike" not in last.text


async def test_a_running_training_is_shown_to_everybody(chat: Chat, attached: Path) -> None:
    async for _ in chat.answers(VISITOR, "/train bob", (attached,)):
        (state,) = await chat.learning()
        assert state.name == "bob"
        assert state.standing in ("waits for its turn", "starting, 0 %")  # one of the two, depending on the moment
        break


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "/tweetlike @name"),
        ("/help", "/tweetlike @name"),
        ("/tweetlike", "Whose voice?"),
        ("/train", "Whose tweets"),
        ("/nonsense x", "I do not know the command /nonsense"),
        ("hello", "I do not know the command hello"),
        ("/tweetlike nobody", "I do not know nobody yet"),
        ("/tweetlike @Anm, hello", "I do not know anm yet. Did you mean ann?"),
    ],
)
async def test_what_is_not_understood_is_answered(chat: Chat, line: str, says: str) -> None:
    (answer,) = await answers(chat, line)
    assert isinstance(answer, Said)
    assert says in answer.text


async def test_files_without_a_word_are_asked_about(chat: Chat, attached: Path) -> None:
    (answer,) = await answers(chat, "", (attached,))
    assert isinstance(answer, Said)
    assert "Whose tweets" in answer.text


@pytest.mark.parametrize("line", ["/train bob", "/train", "", "/models", "/nonsense"])
async def test_what_was_attached_is_deleted_with_its_line(chat: Chat, attached: Path, line: str) -> None:
    async for _ in chat.answers(VISITOR, line, (attached,)):
        if line == "/train bob":
            assert not attached.exists(), "as soon as it was copied"
            break
    assert not attached.exists()


@pytest.mark.parametrize("line", ["/train bob", "", "/models", "/tweetlike ann"])
async def test_a_file_that_the_visitor_has_not_attached_is_refused_and_kept(
    chat: Chat, attachments: Attachments, attached: Path, sample_file: Path, line: str
) -> None:
    another = attach(attachments, sample_file, SOMEBODY_ELSE)
    link = attached.with_name("link.jsonl")
    link.symlink_to(sample_file)
    linked_folder = attached.with_name("folder")
    linked_folder.symlink_to(sample_file.parent)
    attachments.came(VISITOR.session, [str(link), str(linked_folder / sample_file.name), str(attachments.home)])
    for file in (
        sample_file,
        Path("/etc/passwd"),
        Path("/proc/self/environ"),
        attached / ".." / ".." / ".." / "config.toml",
        Path(str(attached) + "/../link.jsonl"),
        attached.with_name("never came"),
        Path("a\0b"),
        link,
        linked_folder / sample_file.name,
        attachments.home,
        another,
    ):
        (answer,) = await answers(chat, line, (file,))
        assert isinstance(answer, Said)
        assert "attach it again" in answer.text
        assert str(attachments.home.parent) not in answer.text
        assert await chat.learning() == []
    assert another.exists()
    assert sample_file.exists()


async def test_only_somebody_at_this_machine_may_have_a_voice_learned(chat: Chat, attached: Path) -> None:
    for elsewhere in (Visitor(VISITOR.session, "192.0.2.7"), Visitor(VISITOR.session, proxied=True)):
        [answer] = [answer async for answer in chat.answers(elsewhere, "/train bob")]
        assert isinstance(answer, Said)
        assert "Only somebody at the machine that I run on may ask me to learn a voice." in answer.text
        assert await chat.learning() == []


async def test_each_session_has_limits_of_its_own(chat: Chat) -> None:
    for _ in range(21):
        said = await answers(chat, "/tweetlike nobody")
    assert "a lot at once" in said[-1].text
    [answer] = [answer async for answer in chat.answers(SOMEBODY_ELSE, "/tweetlike nobody")]
    assert "I do not know nobody yet" in answer.text


async def test_a_damaged_voice_is_an_answer_too(chat: Chat, use_cases) -> None:
    (use_cases.home.registry.current("ann").adapter / "adapter_model.safetensors").write_bytes(b"rubbish")
    (answer,) = await answers(chat, "/tweetlike ann")
    assert isinstance(answer, Said)
    assert answer.text.startswith("This version is damaged and cannot be used; put another one in use")
    assert str(use_cases.home.folder) not in answer.text


async def test_a_training_that_fails_is_told_without_paths_and_the_log_has_them(
    chat: Chat, use_cases, attachments: Attachments, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "mine.jsonl").write_text("not json\n")
    *_, answer = await answers(chat, "/train bob", (attach(attachments, tmp_path / "mine.jsonl"),))
    assert isinstance(answer, Said)
    sentence = re.fullmatch(r"mine\.jsonl: I cannot read it at line 1; save it .* \((\w{6})\)", answer.text)
    assert sentence, "one sentence with one id"
    [line] = [line for line in caplog.messages if sentence[1] in line and line.startswith("refused")]
    assert str(use_cases.home.folder) in line
