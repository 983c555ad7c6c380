"""README and the documents: their commands run, and what they name exists.

What needs an account, a container, a network or hours is not run. The document itself says what was tried.
"""

import json
import re
import shlex
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from bot.core.config import Config
from bot.keeping.__main__ import main as keep
from docs import reference
from huggingtweets import Voice
from huggingtweets.cli.main import COMMANDS, main
from huggingtweets.core.config.user_folders import APPLICATION, CHECKOUT
from tests.conftest import sentences

DOCUMENTS = {
    path.relative_to(CHECKOUT).as_posix(): path.read_text(encoding="utf-8")
    for path in [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").glob("*.md"))]
}
SETTINGS = """
[training]
base = "{base}"
threads = 1
min_characters = 1_000
warn_characters = 2_000
max_epochs = 1
max_tokens = 20_000
batch_tokens = 512
[gate]
drafts = 8
max_exact_copies = 8
max_near_copies = 1.0
[generation]
threads = 1
max_new_tokens = 60
[tracking]
tracker = "none"
"""


def blocks(name: str, language: str) -> list[str]:
    """The blocks of code in a document."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", DOCUMENTS[name], re.DOTALL | re.MULTILINE)
    return ["".join(line.removeprefix(indent) for line in code.splitlines(keepends=True)) for indent, code in found]


def inline() -> Iterator[tuple[str, str]]:
    """What stands in backticks inside the text of each document."""
    for name, text in DOCUMENTS.items():
        prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
        for code in re.findall(r"`([^`\n]+)`", prose):
            yield name, code


def commands(name: str) -> list[list[str]]:
    """The arguments of each `huggingtweets` in the blocks of a document."""
    lines = [line for block in blocks(name, "sh") for line in block.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if re.match(r"(\.venv/bin/)?huggingtweets ", line)]
    return [words[1:] for words in found]


def archive(folder: Path) -> None:
    """An archive as X gives it, of made-up tweets."""
    rows = [
        {"tweet": {"id_str": str(number), "full_text": text, "created_at": "Sat Nov 09 12:14:18 +0000 2024"}}
        for number, text in enumerate(sentences(200, seed=3))
    ]
    account = [{"account": {"username": "me", "accountDisplayName": "Me"}}]
    with zipfile.ZipFile(folder / "twitter-archive.zip", "w") as packed:
        packed.writestr("data/account.js", f"window.YTD.account.part0 = {json.dumps(account)}")
        packed.writestr("data/tweets.js", f"window.YTD.tweets.part0 = {json.dumps(rows)}")


def run_notebook() -> int:
    """Run the cells that need neither Colab nor an installation. Returns how many there are."""
    notebook = json.loads((CHECKOUT / "docs" / "colab.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    programs = ["".join(cell["source"]) for cell in cells if "colab" not in cell["metadata"].get("tags", ())]
    names: dict[str, object] = {"archive": "twitter-archive.zip"}
    with redirect_stdout(StringIO()) as shown:
        for program in programs:
            exec(compile(program, "colab.ipynb", "exec"), names)
    lines = shown.getvalue().splitlines()
    assert "100 %, register" in lines
    assert not [line for line in lines if "Progress(" in line], "what is printed is for people"
    assert [line for line in lines if line.startswith("My dream is")]
    return len(programs)


@pytest.fixture
def here(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings, in which commands are run."""
    (tmp_path / "config.toml").write_text(SETTINGS.format(base=tiny_base))
    archive(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_and_programs_of_the_readme_and_on_python_work(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands("README.md") == commands("docs/voices.md") != []
    for arguments in commands("README.md"):
        main(arguments)
    assert "My dream is" in capsys.readouterr().out
    programs = [*blocks("README.md", "python"), *blocks("docs/python.md", "python")]
    assert len(programs) == 2
    for program in programs:
        # There is one voice here, so what is blended is a part of it.
        with redirect_stdout(StringIO()):
            exec(compile(program.replace("nasa+0.5*dril", "me+0.5*me"), "python.md", "exec"), {})
    assert Voice.load("me").version == "v2"
    assert run_notebook() == 4
    assert Voice.load("me").version == "v3"
    keeping = [arguments for arguments in commands("docs/running.md") if arguments[0] in ("backup", "restore")]
    assert [arguments[0] for arguments in keeping] == ["backup", "restore"]
    for command, *_ in keeping:
        more = ["--replace"] if command == "restore" else []
        assert keep([command, *more, str(here / "bot.backup")]) == 0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_settings_in_documents_are_valid(name: str, tmp_path: Path) -> None:
    for block in blocks(name, "toml"):
        (tmp_path / "config.toml").write_text(block)
        Config.load(tmp_path / "config.toml", {})


def test_every_command_that_is_named_exists_with_its_options() -> None:
    helps = dict(reference.helps())
    named = [(name, code) for name, code in inline() if re.match(r"(\.venv/bin/)?huggingtweets [a-z]", code)]
    named += [(name, shlex.join(["huggingtweets", *words])) for name in DOCUMENTS for words in commands(name)]
    assert len(named) > 25
    for name, code in named:
        words = code.split()
        assert words[1] in COMMANDS, f"{name}: {code}"
        text = " ".join(helps[one] for one in helps if one.startswith(f"huggingtweets {words[1]}"))
        for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", code):
            assert option in text, f"{name}: {code}"


def test_every_setting_that_is_named_exists() -> None:
    shipped = tomllib.loads(reference.SETTINGS_FILE.read_text(encoding="utf-8"))
    keys = {key for section in shipped.values() for key in section}
    for section in reference.sections(reference.SETTINGS_FILE.read_text(encoding="utf-8")):
        keys |= {setting.key for setting in section.settings}
    named = [(name, match[1]) for name, code in inline() if (match := re.fullmatch(r"([a-z_]+) = .+", code))]
    assert len(named) > 15
    assert [(name, key) for name, key in named if key not in keys] == []


def test_every_command_on_discord_that_is_named_exists() -> None:
    tree = json.loads(reference.TREE_FILE.read_text(encoding="utf-8"))
    names = {command["name"] for command in tree["commands"]}
    paths = {"healthz", "readyz", "metrics", "v1", "docs", "state", "openapi"}
    named = [(name, match[1]) for name, code in inline() if (match := re.match(r"/([a-z]\w*)(?![\w/])", code))]
    assert len(named) > 50
    assert [(name, word) for name, word in named if word not in names | paths] == []


def options_of(command: dict[str, Any]) -> set[str]:
    """The names of a command's options, with those of its parts."""
    own = command.get("options") or ()
    return {option["name"] for option in own}.union(*map(options_of, own))


def test_every_option_on_discord_that_is_named_exists() -> None:
    tree = json.loads(reference.TREE_FILE.read_text(encoding="utf-8"))
    options = {command["name"]: options_of(command) for command in tree["commands"]}
    named = [
        (name, match[1], option)
        for name, code in inline()
        if (match := re.match(r"/([a-z]\w*) ", code)) and match[1] in options
        for option in re.findall(r" ([a-z_]+):", code)
    ]
    assert len(named) > 15
    assert [(name, command, option) for name, command, option in named if option not in options[command]] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_table_or_code_inside_a_list_is_part_of_it_on_the_site_too(name: str) -> None:
    """mkdocs wants four blanks before it. In the repository three are enough."""
    lines = DOCUMENTS[name].splitlines()
    assert [line for line in lines if re.match(r" {1,3}(```|\||\d+\. )", line)] == []
    swallowed = re.findall(r"^\d+\. .*\n(?: .*\n)*\n(?:(?: .*)?\n)*? .*\n(?=(\d+\. .*))", DOCUMENTS[name], re.MULTILINE)
    assert swallowed == [], "after an item with paragraphs the next one needs a blank line before it"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_file_leads_to_one(name: str) -> None:
    made = {CHECKOUT / "docs" / address for address in reference.PAGES}
    links = re.findall(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)", re.sub(r"```.*?```", "", DOCUMENTS[name], flags=re.DOTALL))
    targets = [(CHECKOUT / name).parent.joinpath(link).resolve() for link in links]
    assert [str(target) for target in targets if not target.exists() and target not in made] == []


def test_what_troubleshooting_quotes_is_said() -> None:
    said = re.findall(r"^\| \*(.+?)\* \|", DOCUMENTS["docs/troubleshooting.md"], re.MULTILINE)
    files = [path for package in ("bot", "huggingtweets") for path in (CHECKOUT / package).rglob("*.py")]
    program = " ".join(path.read_text(encoding="utf-8") for path in files)
    assert len(said) == 11
    assert [sentence for sentence in said if sentence not in program] == []


def test_uninstalling_names_every_place_that_the_program_and_its_service_use(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable, raising=False)
    told = DOCUMENTS["docs/install.md"].partition("\n## Uninstall\n")[2]
    unit = (CHECKOUT / "deploy" / "huggingtweets.service").read_text(encoding="utf-8")
    [state] = re.findall(r"^StateDirectory=(.+)$", unit, re.MULTILINE)
    folders = set(re.findall(r"/(?:opt|etc|var/lib)/huggingtweets\b", unit))
    assert folders == {"/opt/huggingtweets", "/etc/huggingtweets", f"/var/lib/{state}"}
    of_systemd = {*folders, f"/var/lib/private/{state}", f"/etc/systemd/system/{state}.service"}
    systems = (Unix(APPLICATION), MacOS(APPLICATION))
    of_users = {place for system in systems for place in (system.user_data_dir, system.user_config_dir)}
    places = of_systemd | {place.replace(str(Path.home()), "~") for place in of_users}
    assert sorted(place for place in places if f"`{place}`" not in told) == []


def test_no_document_is_left_out_of_the_site() -> None:
    listed = (CHECKOUT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    assert [name for name in DOCUMENTS if name != "README.md" and f"- {name.removeprefix('docs/')}" not in listed] == []
