"""The pages of reference: every setting out of config.toml, every command, also on Discord, and what programs call.

They are made when the site is built, out of what the program has, so no page of them is committed. `make docs` calls
this through `docs/site_hooks.py`.

Knows the forms of these. Does not know mkdocs.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import click

from docs.python_reference import python_page

ROOT = Path(__file__).resolve().parents[1]
SETTINGS_FILE = ROOT / "config.toml"
TREE_FILE = ROOT / "tests" / "bot" / "discord" / "commands" / "command_tree.json"

WIDTH = 100  # of help texts
AS_ON_X = ("[bluesky]", "[mastodon]")  # sections whose settings mean what they mean under [x]
SEVERAL_OF = re.compile(r"# (\[\[\w+\]\])")
KEY = re.compile(r"(?:# )?(?P<key>[a-z_0-9]+) *= *(?P<rest>.+)")
SECTION = re.compile(r"(?:# )?(?P<name>\[\[?\w+\]\]?)(?: +# (?P<comment>.*))?")


@dataclass
class Setting:
    """A line of config.toml: its value as it stands there, and its comment over however many lines."""

    key: str
    value: str
    comment: str


@dataclass
class Section:
    """A section, with what is said of it as a whole."""

    name: str
    comment: str
    settings: list[Setting] = field(default_factory=list)


def sections(text: str) -> list[Section]:
    """The sections of config.toml in their order, also those of which there may be several, which are commented out."""
    made: list[Section] = []
    said: list[str] = []
    for line in text.splitlines():
        if heading := SECTION.fullmatch(line):
            about = [*said, heading["comment"] or ""] if said and line.startswith("#") else [heading["comment"] or ""]
            made.append(Section(heading["name"], " ".join(filter(None, about))))
            said = []
        elif not made:
            continue
        elif setting := KEY.fullmatch(line):
            value, comment = parted(setting["rest"])
            made[-1].settings.append(Setting(setting["key"], value, " ".join(filter(None, [*said, comment]))))
            said = []
        elif line.startswith("# "):
            said.append(line.removeprefix("# "))
        elif line.lstrip().startswith("#") and made[-1].settings:
            last = made[-1].settings[-1]
            last.comment = f"{last.comment} {line.strip(' #')}".strip()
        elif not line and said:
            made[-1].comment = " ".join(filter(None, [made[-1].comment, *said]))
            said = []
    return made


def parted(rest: str) -> tuple[str, str]:
    """A value and its comment. A value in quotes may hold a #."""
    value = re.match(r"\"[^\"]*\"|[^#]*", rest)
    assert value
    return value.group().strip(), rest[value.end() :].strip(" #")


def settings_page() -> str:
    """The page of all settings."""
    made = sections(SETTINGS_FILE.read_text(encoding="utf-8"))
    on_x = {setting.key: setting.comment for part in made if part.name == "[x]" for setting in part.settings}
    lines = [
        "# Settings\n",
        "These are all settings, with their defaults, as config.toml has them. `huggingtweets init` writes that file.",
        "Paths are relative to its folder. If `init` was given no folder, they are relative to the folder of your",
        "voices and tweets. Secrets do not belong there: a key that ends in `_env` names the",
        "environment variable that holds one. With `_FILE` behind its name, the variable names a file that holds it.\n",
    ]
    for part in made:
        lines += [f"## {part.name}\n", *([f"{cell(part.comment)}\n"] if part.comment else [])]
        lines += ["| setting | default | what it does |", "|---|---|---|"]
        for setting in part.settings:
            comment = setting.comment or (on_x.get(setting.key, "") if part.name in AS_ON_X else "")
            lines.append(f"| `{setting.key}` | `{cell(setting.value)}` | {cell(comment)} |")
        lines.append("")
    return "\n".join(lines)


def cell(text: str) -> str:
    """A text inside a table. Marks of Markdown and HTML are shown as they are."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def commands_page() -> str:
    """The page of the command line: the help of every command, as `--help` shows it."""
    lines = [
        "# The command line\n",
        "Each command says this with `--help`. Results go to stdout. An error is one sentence on stderr; the",
        "exit codes are in [Troubleshooting](../troubleshooting.md#exit-codes). Most commands take `--json`,",
        "which writes JSON lines for programs.\n",
    ]
    for name, text in helps():
        lines += [f"## {name}\n", f"```text\n{text.rstrip()}\n```\n"]
    return "\n".join(lines)


def helps() -> Iterator[tuple[str, str]]:
    """Every command and subcommand with its help."""
    from bot import __main__ as bot
    from bot import token_command
    from bot.keeping import __main__ as keeping
    from huggingtweets.cli.main import cli

    yield "huggingtweets", _of_click(cli, "huggingtweets", None)
    context = click.Context(cli, info_name="huggingtweets")
    passed_on: dict[str, tuple[Callable[..., Any], list[list[str]]]] = {
        "bot": (bot.main, [[]]),
        "backup": (keeping.main, [["backup"]]),
        "restore": (keeping.main, [["restore"]]),
        "token": (token_command.main, [[], ["new"], ["list"], ["revoke"]]),
    }
    for name in cli.list_commands(context):
        if name in passed_on:
            main, all_arguments = passed_on[name]
            for arguments in all_arguments:
                words = ["huggingtweets", *([] if arguments[:1] == [name] else [name]), *arguments]
                yield " ".join(words), _of_argparse(main, arguments)
            continue
        command = cli.get_command(context, name)
        assert command
        yield f"huggingtweets {name}", _of_click(command, name, context)
        if isinstance(command, click.Group):
            inside = click.Context(command, info_name=name, parent=context)
            for below in command.list_commands(inside):
                one = command.get_command(inside, below)
                assert one
                yield f"huggingtweets {name} {below}", _of_click(one, below, inside)


def _of_click(command: click.Command, name: str, parent: click.Context | None) -> str:
    context = click.Context(command, info_name=name, parent=parent, max_content_width=WIDTH, terminal_width=WIDTH)
    context.help_option_names = ["-h", "--help"]
    return command.get_help(context)


def _of_argparse(main: Callable[..., Any], arguments: list[str]) -> str:
    shown = StringIO()
    with redirect_stdout(shown), suppress(SystemExit):
        main([*arguments, "--help"])
    return shown.getvalue()


MAY = {
    "EVERYBODY": "everybody",
    "ADMINS": "admins of a server",
    "HOME_ADMINS": "admins of the home server",
    "OWNERS": "the owner",
}
MENUS = {2: "a member, Apps", 3: "a message, Apps"}


def discord_page() -> str:
    """The page of the commands on Discord, out of what Discord is told. A test holds that file against the program."""
    tree = json.loads(TREE_FILE.read_text(encoding="utf-8"))
    lines = [
        "# Commands on Discord\n",
        "These are all commands, as Discord is told of them. `/help` lists those that you may use where you are. The",
        "owner may use all of them.\n",
    ]
    for top in sorted(tree["commands"], key=lambda command: (command["type"] != 1, command["name"])):
        if top["type"] in MENUS:
            lines.append(f"## {top['name']} {{ .menu }}\n\nRight-click {MENUS[top['type']]}, *{top['name']}*.\n")
        for name, command in slash_commands(top):
            lines += _command(name, command, tree["counted"][name]["may"])
    return "\n".join(lines)


def slash_commands(command: dict[str, Any], before: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """A slash command, or the commands of a group, with their whole names."""
    name = f"{before} {command['name']}".strip()
    below = [option for option in command.get("options", ()) if option["type"] in (1, 2)]
    if command["type"] in MENUS and not before:
        return
    if not below:
        yield name, command
    for one in below:
        yield from slash_commands(one | {"type": 1}, name)


def _command(name: str, command: dict[str, Any], may: str) -> list[str]:
    lines = [f"## /{name}\n", f"{cell(command['description'])}. For {MAY[may]}.\n"]
    options = command.get("options", ())
    if options:
        lines += ["| option | what it is |", "|---|---|"]
        lines += [f"| `{option['name']}` | {cell(', '.join(_about(option)))} |" for option in options] + [""]
    return lines


def _about(option: dict[str, Any]) -> Iterator[str]:
    yield option["description"] if option["description"] != "…" else f"the {option['name']}"
    if choices := option.get("choices"):
        yield "one of " + ", ".join(str(choice["name"]) for choice in choices)
    if "min_value" in option and "max_value" in option:
        yield f"{option['min_value']:g} to {option['max_value']:g}"
    if option.get("required"):
        yield "needed"


PAGES: dict[str, Callable[[], str]] = {
    "reference/settings.md": settings_page,
    "reference/commands.md": commands_page,
    "reference/discord.md": discord_page,
    "reference/python.md": python_page,
}
