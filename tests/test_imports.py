"""Who may import whom: the rules of ARCHITECTURE.md, held by reading every import statement."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
OWNERS = {  # library -> who alone may import it: modules, or packages that end in a slash
    "discord": ("bot/discord/",),
    "apscheduler": ("bot/schedule.py", "bot/due.py"),
    "sqlalchemy": ("bot/store/", "bot/migrations/"),
    "alembic": ("bot/store/", "bot/migrations/"),
    "asyncpg": ("bot/store/",),
    "chardet": ("huggingtweets/sources/encoding.py",),
    "dateutil": ("huggingtweets/sources/dates.py",),
    "tweepy": ("huggingtweets/x_client.py",),
    "oauthlib": ("huggingtweets/x_client.py",),
    "ray": ("huggingtweets/cluster.py",),
    "httpx2": ("huggingtweets/publish.py",),
    "budoux": ("huggingtweets/segments.py",),
    "typst": ("huggingtweets/preview.py",),
    "trackio": ("huggingtweets/tracking.py",),
    "wandb": ("huggingtweets/tracking.py",),
    "jinja2": ("huggingtweets/card.py",),
    "huggingface_hub": ("huggingtweets/publish.py", "huggingtweets/card.py", "huggingtweets/base.py"),
    "gradio": ("bot/playground/",),
    "fastapi": ("bot/playground/",),
    "uvicorn": ("bot/playground/",),
}
USE_CASES = [
    *(
        f"bot/{name}.py"
        for name in ("tweeting", "training", "worker", "telling", "schedule", "due", "retraining", "permission")
    ),
    *(f"bot/{name}.py" for name in ("posting", "outbox", "budget")),
]
RIMS = ("bot.discord", "bot.x", "bot.playground", "bot.app")


def imports(path: Path) -> Iterator[str]:
    """The dotted name of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module or ''}.{alias.name}" if not node.level else "." for alias in node.names)


def violations(root: Path) -> list[str]:
    """One sentence for each import that breaks a rule."""
    found = []
    for path in sorted([*root.glob("huggingtweets/**/*.py"), *root.glob("bot/**/*.py")]):
        module = path.relative_to(root).as_posix()
        for name in imports(path):
            library = name.split(".")[0]
            if name == ".":
                found.append(f"{module} has a relative import, which hides whom it imports")
            if module.startswith("huggingtweets/") and library == "bot":
                found.append(f"{module} is of the pipeline and imports {name}")
            if library in OWNERS and not module.startswith(OWNERS[library]):
                found.append(f"{module} imports {name}, which {OWNERS[library][0]} owns")
            if module in USE_CASES and f"{name}.".startswith(tuple(f"{rim}." for rim in RIMS)):
                found.append(f"{module} is a use case and imports {name}")
    return found


def test_everybody_imports_only_whom_they_may() -> None:
    assert violations(ROOT) == []
    assert len(list(ROOT.glob("huggingtweets/**/*.py"))) > 20, "the rules were held against nothing"


def test_planted_violations_are_found(tmp_path: Path) -> None:
    planted = {
        "huggingtweets/clean.py": "def f():\n    from bot import app\n",
        "huggingtweets/x_api.py": "import tweepy.errors\n",
        "bot/tweeting.py": "from bot.discord.client import Client\n",
        "bot/training.py": "from bot import app\n",
        "bot/posting.py": "import discord\n",
        "bot/log.py": "from . import app\n",
        "bot/discord/client.py": "import discord\nfrom bot.tweeting import Tweeting\n",
        "bot/xenon.py": "import bot.x_files, discordant\n",
    }
    for name, text in planted.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert [found.split()[0] for found in violations(tmp_path)] == [
        "bot/log.py", "bot/posting.py", "bot/training.py", "bot/tweeting.py",
        "huggingtweets/clean.py", "huggingtweets/x_api.py",
    ]  # fmt: skip
