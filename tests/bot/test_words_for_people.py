"""Every failure has a sentence for people: all classes of errors, and all sentences that the source text gives them."""

import ast
import importlib
import logging
import pickle
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

import bot
import huggingtweets
from bot.cluster.storage import Unfit
from bot.core import errors as ours
from bot.core.config import Config
from bot.core.errors import told
from bot.discord.asking.asks import BotStopping
from bot.trainings.prepared import Unnamed
from bot.web.frame.refusals import NotHere, TooLarge, TooSlow
from huggingtweets.core import errors as pipelines
from huggingtweets.core.errors import Spoken, for_people
from huggingtweets.core.records import Counts
from huggingtweets.core.text.phrases import Phrase
from huggingtweets.remote import upstream
from huggingtweets.remote.x_reads import ReadingTooDear
from tests.parsed import parsed_modules

# What they say is read by whoever types their commands.
FOR_THE_COMMAND_LINE = {
    "bot/keeping/__main__.py",
    "bot/keeping/archive.py",
    "bot/keeping/backing_up.py",
    "bot/keeping/passphrase.py",
    "bot/keeping/restoring.py",
    "bot/keeping/sealing.py",
    "bot/store/snapshots.py",
    "huggingtweets/api/learning.py",
    "huggingtweets/api/voice.py",
    "huggingtweets/cli/drawing.py",
    "huggingtweets/cli/learning.py",
    "huggingtweets/cli/removal.py",
    "huggingtweets/training/pretraining.py",
    "huggingtweets/training/pretraining_data.py",
    "huggingtweets/training/pretraining_plan.py",
    "huggingtweets/training/corpus.py",
}
FOLDER = Path("/srv/bot/models/ann/v3")
OPERATORS = (
    f"[Errno 13] Permission denied: '{FOLDER}'; set [x] monthly_budget_usd in config.toml, or say --from; see X_TOKEN "
    "(sqlite3.OperationalError: SELECT 1)."
)

EXAMPLES: tuple[Spoken, ...] = (
    Spoken(OPERATORS, for_people="That did not work."),
    pipelines.PipelineError(OPERATORS),
    pipelines.Usage("There is no voice of that name."),
    NotHere("There is no version v9 of ann any more."),
    pipelines.BadData(OPERATORS),
    pipelines.BadFile(FOLDER / "backup", OPERATORS, "take another one"),
    pipelines.BadSource(FOLDER / "tweets.csv", Phrase("its columns have no names"), Phrase("name them")),
    pipelines.SeveralPeople(
        FOLDER / "chat.txt", Phrase("it is by several people"), Phrase("name one of them"), [("Ann", 3)]
    ),
    pipelines.TooLittleData("ann", 10, 1_000, Counts(5, 1, 1), 2),
    pipelines.Forgotten("ann", "bob"),
    pipelines.OptedOut("ann"),
    pipelines.Unavailable(OPERATORS),
    pipelines.NotNow("I am being stopped; try again when I am back."),
    pipelines.TooFewNew("ann", 3, 20),
    pipelines.UnknownModel("ann", "Did you mean anna?"),
    pipelines.UnknownVersion("ann", "v9", ("v1", "v2")),
    pipelines.BadBase(str(FOLDER), OPERATORS),
    pipelines.EngineDead(),
    pipelines.Busy(7.2),
    pipelines.NotEnoughDrafts("ann", {"copied": 3}),
    pipelines.Misconfigured(OPERATORS),
    pipelines.Terminated(),
    upstream.Upstream("X", OPERATORS),
    upstream.NotReached("X", OPERATORS),
    upstream.InDoubt("X", OPERATORS),
    upstream.RateLimited("X", datetime(2026, 5, 1, tzinfo=UTC)),
    upstream.Refused("X", OPERATORS),
    upstream.BadCredentials("X", OPERATORS),
    upstream.OutOfCredit("X", OPERATORS),
    upstream.Forbidden("X", OPERATORS),
    upstream.Duplicate("X", OPERATORS),
    upstream.Suspended("X", OPERATORS),
    upstream.NotFound("X", OPERATORS),
    upstream.NoAccount("X", "ann", Phrase("is protected"), Phrase("ask its owner for their archive instead")),
    ReadingTooDear(5.0),
    ours.BotError("I do not do that."),
    ours.TooOften(5.0),
    TooLarge("These files are larger than I take."),
    TooSlow("Your files came too slowly. Try again, or send less at once."),
    NotHere("There is no such post any more."),
    Unnamed("Nothing says whose tweets these are; type a name."),
    ours.UsedUp(5.0),
    ours.UnknownVoice("I do not know bob yet."),
    ours.Paused(None),
    ours.NotAllowed("You may not do this."),
    ours.KeptOut("I do not answer here."),
    ours.JobRefused("ann is being trained already."),
    ours.PostRefused("There is no post 3."),
    ours.CannotSpeak('I lack the permission "Send Messages" in #general.'),
    ours.OverBudget(),
    ours.TrainingFailed(OPERATORS, for_people="What was given cannot be used."),
    ours.StoreUnavailable(OPERATORS),
    ours.ClusterUnavailable(OPERATORS),
    Unfit(OPERATORS),
    BotStopping(),
)
SYSTEMS = (
    OSError(28, "No space left on device", str(FOLDER)),
    OSError(30, "Read-only file system", str(FOLDER)),
    PermissionError(13, "Permission denied", str(FOLDER)),
    OSError(5, "Input/output error", str(FOLDER)),
    KeyError("manifest"),
)


def classes(root: type = Spoken) -> Iterator[type]:
    for package in (bot, huggingtweets):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "._" not in module.name and ".migrations." not in module.name:
                importlib.import_module(module.name)
    todo, found = [root], set[type]()
    while todo:
        one = todo.pop()
        if one not in found and one.__module__.split(".")[0] in ("bot", "huggingtweets"):
            found.add(one)
            todo += one.__subclasses__()
    yield from found


def settings(model: type[BaseModel] = Config) -> Iterator[str]:
    """The names of all settings that are no words of English."""
    for name, field in model.model_fields.items():
        if "_" in name:
            yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation)


JARGON = {
    "a path": r"(?:^|[\s'\"(])~?/[\w.-]+/|/srv|\.toml|\.py\b",
    "a section": r"\[[a-z_]+\]",
    "a setting": rf"\b(?:{'|'.join(sorted(set(settings())))})\b",
    "a variable": r"\b[A-Z]{1,}(?:_[A-Z]+)+\b",
    "an option": r"(?:^|\s)--[a-z]",
    "a command line": r"command line|chmod|python -m|(?:^|say )huggingtweets",
    "a database": r"(?i:sqlite|postgres|database)|SELECT|PRAGMA",
    # Somebody may be asked for the tweets.js of a large archive: that is a file that they can find and send.
    "the inside of an archive": r"window\.YTD|Grailbird|(?<!\btweets)\.js\b|actor\.json|\bNUL\b|\bbytes\b|JSON object",
    "a library": r"\b\w+(?:Error|Exception)\b|Errno|Traceback|torch|safetensors",
}


def jargon(text: str) -> list[str]:
    return [f"{what}: {found[0]}" for what, pattern in JARGON.items() if (found := re.search(pattern, text))]


def test_the_operators_sentence_would_be_found() -> None:
    kinds = {found.split(":")[0] for found in jargon(OPERATORS)}
    assert kinds == set(JARGON) - {"a command line", "the inside of an archive"}
    assert jargon("it has no window.YTD at its start")
    assert jargon("allow reading it (chmod u+r)")


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_of_another_process_says_the_same_here(error: Spoken) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.for_people, repr(vars(again))) == (str(error), error.for_people, repr(vars(error)))


def test_there_is_an_example_of_every_class() -> None:
    assert {type(error) for error in EXAMPLES} == set(classes())


@pytest.mark.parametrize("error", [*EXAMPLES, *SYSTEMS], ids=lambda error: type(error).__name__)
def test_people_hear_no_jargon_and_the_log_has_the_rest(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        sentence = told(error)
    assert not jargon(sentence)
    names = {one.__name__ for one in classes() if len(re.findall("[A-Z]", one.__name__)) > 1}
    assert not names & set(re.findall(r"\w+", sentence))
    found = re.fullmatch(r"(.*[.!?]) \((\w{6})\)", sentence)
    assert found
    assert found[1] == for_people(error)
    [record] = [record for record in caplog.records if found[2] in record.getMessage()]
    logged = logging.Formatter().format(record)
    if isinstance(error, pipelines.Usage):
        assert str(error) not in logged  # what somebody typed
    else:
        assert str(error) in logged


def test_what_was_told_of_a_training_keeps_its_id(caplog: pytest.LogCaptureFixture) -> None:
    once = told(ours.TrainingFailed(OPERATORS, for_people="My disk is full."))
    with caplog.at_level(logging.INFO):
        assert told(ours.TrainingFailed(once, is_told=True)) == once


def calls() -> Iterator[tuple[str, ast.Call, type[Spoken]]]:
    """Where an error is made in the source text, and of which class."""
    known = {one.__name__: one for one in classes() if one is not BotStopping}
    for name, tree in parsed_modules().items():
        if name in FOR_THE_COMMAND_LINE:
            continue
        for node in ast.walk(tree):
            called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and called in known:
                yield f"{name}:{node.lineno}", node, known[called]


def spoken(call: ast.Call, kind: type[Spoken]) -> list[ast.expr]:
    """The parts of a call that people hear."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == "for_people"]
    if given or (issubclass(kind, upstream.Upstream) and kind is not upstream.NoAccount):
        return given
    if kind is pipelines.BadSource:
        instead = [keyword.value for keyword in call.keywords if keyword.arg == "told"]
        return [*(instead or call.args[1:2]), *call.args[2:]]
    if kind is upstream.NoAccount:
        return call.args[1:]
    return [] if kind.PEOPLE else call.args


def literals(expression: ast.expr) -> str:
    parts = (node.value for node in ast.walk(expression) if isinstance(node, ast.Constant))
    return " ".join(part for part in parts if isinstance(part, str))


def test_no_sentence_for_people_has_jargon_in_the_source_text() -> None:
    found = list(calls())
    assert len(found) > 200
    heard = [(where, literals(part)) for where, call, kind in found for part in spoken(call, kind)]
    assert len(heard) > 150
    assert [(where, text, jargon(text)) for where, text in heard if jargon(text)] == []


def test_no_error_that_was_caught_is_part_of_a_sentence_for_people() -> None:
    """What a library, or the operator's sentence of another error, says is not for people."""
    heard = [(where, ast.unparse(part)) for where, call, kind in calls() for part in spoken(call, kind)]
    assert [
        one for one in heard if re.search(r"\{(?:str\()?(?:error|failure)\b(?!\.(?:for_people|line|value)\b)", one[1])
    ] == []
