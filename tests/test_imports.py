"""Who may import whom: the rules of ARCHITECTURE.md, held by reading every import statement.

A folder may import only the folders below it. One folder or module owns each library. Folders not named here fail the
test, and so does a name here that does not exist.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.parsed import parsed

ROOT = Path(__file__).parents[1]

# From the bottom to the top. A folder may import those before it; folders within one line stand above each other, too.
PIPELINE = (
    "core", "remote", "tweets", "sources", "pictures", "registry", "model", "training", "generation", "evaluation",
    "tracking", "publishing", "workflow", "api", "cli",
)  # fmt: skip
# Folders whose own folders have an order, too. Their modules stand above these, or where "." stands.
ROOMS = {
    "bot.discord": ("look", "asking", "hearing", "speaking", "commands"),
    "bot.store": ("tables", "sql", "people", "voices", "posts"),
    "bot.core": ("post_text", "clock", "config", ".", "process"),
    "huggingtweets.core": ("text", ".", "people", "config", "process"),
    "huggingtweets.tweets": ("texts", "kept", "learned", "style"),
    "huggingtweets.sources": ("reading", "archives", "tables", "networks"),
    "bot.web": ("entry", "frame", "voices", "trying", "making", "desk"),
}
BOT = (
    "core", "store", "migrations", "people", "keeping", "trainings", "cluster", "voices", "posts", "background",
    "openai_api", "web", "discord", "app",
)  # fmt: skip
RIMS = ("bot.discord", "bot.openai_api", "bot.web", "bot.posts.x", "bot.posts.bluesky", "bot.posts.mastodon")
COMPOSED_BY = ("bot.app", "bot.check", "bot.token_command", "bot.__main__")  # may import everything of the bot

OWNERS = {  # library -> the folders or modules that alone may import it
    "alembic": ("bot.store", "bot.migrations"),
    "apscheduler": ("bot.core.clock.due",),
    "atproto_client": ("bot.posts.bluesky",),
    "argon2": ("bot.web.entry.users",),
    "babel": ("huggingtweets.tweets.style.languages", "bot.discord.look.translating"),
    "budoux": ("huggingtweets.tweets.texts.segments",),
    "click": ("huggingtweets.cli",),
    "confusable_homoglyphs": ("huggingtweets.tweets.texts.lookalikes",),
    "discord": ("bot.discord",),
    "fastapi": ("bot.openai_api", "bot.web"),
    "fsspec": ("bot.cluster.storage",),
    "gguf": ("huggingtweets.model.gguf_file",),
    "httpx2": ("huggingtweets.publishing.publish",),
    "huggingface_hub": (
        "huggingtweets.publishing",
        "huggingtweets.model.hub",
        "huggingtweets.model.base_languages",
        "huggingtweets.model.checkpoint",
    ),
    "itsdangerous": ("bot.web.entry.sessions",),
    "jinja2": ("huggingtweets.publishing.card", "bot.web.frame.rendering"),
    "libipld": ("huggingtweets.sources.archives.bluesky_repository",),
    "mastodon": ("bot.posts.mastodon",),
    "oauthlib": ("huggingtweets.remote.x_session",),
    "prometheus_client": ("bot.core.process.measures",),
    "py3langid": ("huggingtweets.tweets.style.languages",),
    "pyrage": ("bot.keeping.sealing",),
    "python_multipart": ("bot.web.making.forms",),
    "ray": ("bot.cluster.courses", "bot.cluster.fleet", "bot.cluster.gateway", "bot.cluster.replica"),
    "re2": ("huggingtweets.core.text.patterns",),
    "requests": ("bot.posts.mastodon", "huggingtweets.remote.x_media"),
    "rich": ("huggingtweets.cli",),
    "safetype": ("huggingtweets.generation.slurs",),
    "scipy": ("huggingtweets.tweets.style.detector", "huggingtweets.generation.discriminator_fit"),
    "sklearn": (
        "huggingtweets.tweets.style.detector",
        "huggingtweets.generation.discriminator_fit",
        "bot.voices.taste_fit",
    ),
    "sqlalchemy": ("bot.store", "bot.migrations"),
    "trackio": ("huggingtweets.tracking",),
    "stop_words": ("huggingtweets.tweets.texts.named",),
    "structlog": ("bot.core.process.log",),
    "tweepy": ("huggingtweets.remote.x", "huggingtweets.remote.x_media"),
    "typst": ("huggingtweets.pictures",),
    "uvicorn": ("bot.web",),
    "wandb": ("huggingtweets.tracking",),
}

PEERS = ("transformers", "peft")  # imported by tests and benchmarks alone


def modules(root: Path) -> dict[str, Path]:
    """Every module of both packages by its dotted name."""
    found = {}
    for path in sorted([*root.glob("huggingtweets/**/*.py"), *root.glob("bot/**/*.py")]):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The dotted name of everything that a module imports, wherever in it."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}" if not node.level else "." for alias in node.names)


def within(name: str, folders: tuple[str, ...]) -> bool:
    return f"{name}.".startswith(tuple(f"{folder}." for folder in folders))


def floor(name: str) -> tuple[str, int] | None:
    """Which order of folders a module stands in, and how high; None for what stands in none."""
    package, *rest = name.split(".")
    order = {"huggingtweets": PIPELINE, "bot": BOT}.get(package)
    if not order or not rest or rest[0] not in order:
        return None
    return package, order.index(rest[0])


def objection(module: str, name: str) -> str:
    """Why `module` may not import `name`; empty if it may."""
    if name == ".":
        return "a relative import hides whom it imports"
    library = name.split(".")[0]
    if library in OWNERS and not within(module, OWNERS[library]):
        return f"{OWNERS[library][0]} owns {library}"
    if within(module, ("huggingtweets",)) and library == "bot":
        return "the pipeline knows no bot"
    if within(name, RIMS) and not within(module, (*RIMS, *COMPOSED_BY)):
        return "only the process itself puts rims together"
    own, other = floor(module), floor(name)
    if own and other and own[0] == other[0] and own[1] < other[1]:
        return "that folder stands above"
    if own and within(name, COMPOSED_BY) and not within(module, COMPOSED_BY):
        return "that module stands above"
    for inside, rooms in ROOMS.items():
        if within(module, (inside,)) and within(name, (inside,)):
            return objection_inside(rooms, module.removeprefix(f"{inside}."), name.removeprefix(f"{inside}."))
    return ""


def objection_inside(rooms: tuple[str, ...], module: str, name: str) -> str:
    """The same for two modules of one folder that has `rooms`."""
    order = rooms if "." in rooms else (*rooms, ".")
    own, other = (part.split(".")[0] if part.split(".")[0] in rooms else "." for part in (module, name))
    if order.index(own) >= order.index(other):
        return ""
    return "that module stands above" if other == "." else "that folder stands above"


def violations(root: Path) -> list[str]:
    """One line for each import that breaks a rule."""
    return [
        f"{module} imports {name}: {reason}"
        for module, path in modules(root).items()
        for name in imports(path)
        if (reason := objection(module, name))
    ]


def test_everybody_imports_only_whom_they_may() -> None:
    assert violations(ROOT) == []
    assert len(modules(ROOT)) > 200, "the rules were held against nothing"


def test_every_folder_has_its_place_in_the_order() -> None:
    found = {tuple(module.split(".")[:2]) for module, path in modules(ROOT).items() if len(module.split(".")) > 2}
    assert {folder for package, folder in found if package == "huggingtweets"} == set(PIPELINE)
    assert {folder for package, folder in found if package == "bot"} == set(BOT)
    for inside, rooms in ROOMS.items():
        folder = ROOT.joinpath(*inside.split("."))
        assert {path.name for path in folder.iterdir() if (path / "__init__.py").exists()} == {*rooms} - {"."}


def test_transformers_and_peft_are_only_what_we_are_held_against() -> None:
    """Loading transformers takes seconds, in every child process."""
    importers = {name for name, path in modules(ROOT).items() for each in imports(path) if each.split(".")[0] in PEERS}
    assert importers == set()


def test_every_name_in_the_rules_exists() -> None:
    there = modules(ROOT)
    named = {*RIMS, *COMPOSED_BY, *(owner for owners in OWNERS.values() for owner in owners)}
    assert named <= set(there)
    used = {name.split(".")[0] for path in there.values() for name in imports(path)}
    assert set(OWNERS) <= used


@pytest.mark.parametrize(
    ("module", "text", "reason"),
    [
        ("huggingtweets/tweets/learned/clean.py", "def f():\n    from bot import app\n", "the pipeline knows no bot"),
        ("huggingtweets/tweets/learned/clean.py", "from huggingtweets.model import base\n", "that folder stands above"),
        (
            "huggingtweets/sources/reading/files.py",
            "import huggingtweets.sources.tables.table\n",
            "folder stands above",
        ),
        (
            "huggingtweets/sources/tables/rows.py",
            "from huggingtweets.sources import containers\n",
            "module stands above",
        ),
        ("huggingtweets/sources/networks/x_api.py", "import tweepy.errors\n", "huggingtweets.remote.x owns tweepy"),
        ("huggingtweets/core/text/dates.py", "from huggingtweets.core import errors\n", "that module stands above"),
        (
            "huggingtweets/tweets/texts/copies.py",
            "from huggingtweets.tweets.learned import clean\n",
            "that folder stands above",
        ),
        ("bot/web/entry/door.py", "from bot.web.frame.parts import Parts\n", "that folder stands above"),
        ("bot/web/desk/desk.py", "from bot.web import application\n", "that module stands above"),
        ("bot/core/clock/due.py", "from bot.core.errors import BotError\n", "that module stands above"),
        ("bot/core/errors.py", "from bot.core.process import log\n", "that folder stands above"),
        ("huggingtweets/workflow/pipeline.py", "from rich import print\n", "huggingtweets.cli owns rich"),
        ("bot/voices/tweeting.py", "from bot.discord.client import Client\n", "only the process itself"),
        ("bot/posts/outbox.py", "from bot.posts.x.account import Account\n", "only the process itself"),
        ("bot/trainings/training.py", "from bot.app import process\n", "that folder stands above"),
        ("bot/trainings/training.py", "from bot import check\n", "that module stands above"),
        ("bot/store/posts/outbox.py", "from bot.posts import posting\n", "that folder stands above"),
        ("bot/posts/posting.py", "import discord\n", "bot.discord owns discord"),
        ("bot/core/process/log.py", "from . import app\n", "a relative import"),
    ],
)
def test_a_planted_violation_is_found(tmp_path: Path, module: str, text: str, reason: str) -> None:
    allowed = "import discord\nfrom bot.voices.tweeting import Tweeting\nimport bot.posts_of_others, discordant\n"
    for name, content in {module: text, "bot/discord/client.py": allowed}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    [found] = violations(tmp_path)
    assert reason in found
