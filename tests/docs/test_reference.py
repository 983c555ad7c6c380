"""The pages of reference have every setting, command and option, each with what it is."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import click
import pytest

from docs import reference
from huggingtweets.cli.main import cli

ROW = re.compile(r"^\| `([^`]+)` \| (?:`.*` \| )?(.*) \|$", re.MULTILINE)


def parts(page: str) -> dict[str, str]:
    """What stands below each heading."""
    heading, *sections = re.split(r"^## ", page, flags=re.MULTILINE)
    assert heading.startswith("# ")
    return {section.split("\n")[0]: section for section in sections}


def test_every_setting_is_there_with_its_default_and_what_it_does() -> None:
    page = parts(reference.settings_page())
    shipped = tomllib.loads(reference.SETTINGS_FILE.read_text(encoding="utf-8"))
    assert {f"[{name}]" for name in shipped} | {"[[schedule]]", "[[account]]"} == set(page)
    for name, settings in shipped.items():
        rows = dict(ROW.findall(page[f"[{name}]"]))
        assert list(rows) == list(settings)
        for key, default in settings.items():
            shown = re.search(rf"^\| `{key}` \| `(.*?)` \|", page[f"[{name}]"], re.MULTILINE)
            assert shown
            assert tomllib.loads(f"it = {shown[1]}")["it"] == default
    said = {(name, key): text for name, section in page.items() for key, text in ROW.findall(section)}
    further = {key for key in said if key[0] == "[[account]]"}  # what these mean stands under [x]
    assert [key for key in said.keys() - further if not said[key].strip()] == []


def test_a_comment_over_several_lines_is_one_and_a_mark_in_a_value_is_no_comment() -> None:
    text = '[a]  # about it\n# before\nkey = "# no"   # one,\n              # two\nlast = 1\n\n'
    text += '# [[b]]\n# name = "x"  # n\n'
    first, second = reference.sections(text)
    assert (first.name, first.comment, second.name) == ("[a]", "about it", "[[b]]")
    assert [(one.key, one.value, one.comment) for one in first.settings] == [
        ("key", '"# no"', "before one, two"),
        ("last", "1", ""),
    ]
    assert [(one.key, one.value, one.comment) for one in second.settings] == [("name", '"x"', "n")]


def commands(group: click.Group, context: click.Context, before: str) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        yield f"{before} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, click.Context(command, parent=context), f"{before} {name}")


@pytest.fixture(scope="module")
def help_texts() -> dict[str, str]:
    return parts(reference.commands_page())


def test_every_command_and_option_of_the_command_line_is_there(help_texts: dict[str, str]) -> None:
    seen = 0
    for name, command in commands(cli, click.Context(cli), "huggingtweets"):
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                seen += 1
                assert parameter.opts[0] in help_texts[name]
                assert parameter.help, f"{name} {parameter.opts[0]} says nothing of itself"
    assert seen > 20


def test_what_other_programs_read_is_there_too(help_texts: dict[str, str]) -> None:
    assert "--local-admin" in help_texts["huggingtweets bot"]
    assert "--replace" in help_texts["huggingtweets restore"]
    assert "--passphrase" in help_texts["huggingtweets backup"]
    assert "--tweets-a-day" in help_texts["huggingtweets token new"]
    assert {"huggingtweets token list", "huggingtweets token revoke", "huggingtweets bases get"} <= set(help_texts)


def test_all_that_programs_call_is_there_with_signature_and_docstring() -> None:
    page = reference.python_page()
    sections = parts(page)
    assert set(sections) == {"Errors", "HowToDraw", "Progress", "Voice", "learn", "learn_async"}
    assert re.findall(r"^### (.+)$", sections["Voice"], re.MULTILINE) == [
        f"Voice.{name}"
        for name in ("load", "preview", "name", "version", "in_use", "verdict", "tweets", "tweets_async", "draw")
    ]
    drawn = "Voice.tweets(prompt: str = '', count: int = 5, **how: Unpack[HowToDraw]) -> list[str]"
    assert drawn in sections["Voice"]
    assert (
        "HowToDraw(reply_to: str, temperature: float | None, length: Length, seed: int | None)" in sections["HowToDraw"]
    )
    assert "TooLittleData(characters)" in sections["Errors"]
    assert not re.search(r"^None$", page, re.MULTILINE), "something has no docstring"


def options(command: dict[str, Any], name: str) -> Iterator[tuple[str, str]]:
    for option in command.get("options", ()):
        if option["type"] in (1, 2):
            yield from options(option, f"{name} {option['name']}")
        else:
            yield name, option["name"]


def test_every_command_and_option_on_discord_is_there() -> None:
    page = parts(reference.discord_page())
    tree = json.loads(reference.TREE_FILE.read_text(encoding="utf-8"))
    asked = [one for command in tree["commands"] for one in options(command, command["name"])]
    assert len(asked) > 50
    for name, option in asked:
        assert dict(ROW.findall(page[f"/{name}"]))[option].strip()
    for command in tree["commands"]:
        if command["type"] != 1:
            assert any(heading.startswith(command["name"]) for heading in page)
    assert "For admins of the home server." in page["/train"]
    assert "For everybody." in page["/tweetlike"]
    assert {f"/{name}" for name in tree["counted"] if not name[0].isupper() and name != "Tweet like"} <= set(page)
