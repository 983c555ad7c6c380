"""Help and version are shown without a computation."""

import os
import subprocess
import sys
from pathlib import Path

import click

from huggingtweets import __version__
from huggingtweets.cli.main import COMMANDS, cli
from tests.huggingtweets.cli.running import Run


def test_no_help_imports_what_computes_or_speaks_to_others() -> None:
    """In a process of its own, which imports the modules of all commands and shows the help of each."""
    script = (
        "import sys\n"
        "from huggingtweets.cli.main import COMMANDS, cli\n"
        "for name in ['', *(name for name in COMMANDS if name not in ('bot', 'token', 'backup', 'restore'))]:\n"
        "    cli([*name.split(), '--help'], standalone_mode=False)\n"
        "slow = {'torch', 'transformers', 'tokenizers', 'huggingface_hub', 'tweepy', 'trackio', 'jinja2'}\n"
        "sys.exit(', '.join(slow & set(sys.modules)) or 0)\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Learn the voice NAME" in shown.stdout


def test_every_command_is_shown_with_a_sentence() -> None:
    context = click.Context(cli)
    commands = [cli.get_command(context, name) for name in cli.list_commands(context)]
    assert [command and command.name for command in commands] == sorted(COMMANDS)
    assert all(command and command.help and command.help.split("\n")[0].endswith(".") for command in commands)


def test_the_list_of_commands_imports_none_of_them() -> None:
    """It is shown in a tenth of the time that importing all of them takes."""
    script = (
        "import sys\n"
        "from huggingtweets.cli.main import cli\n"
        "cli(['--help'], standalone_mode=False)\n"
        "slow = {'pydantic', 'numpy', 'huggingtweets.core.config.settings'}\n"
        "sys.exit(', '.join(slow & set(sys.modules)) or 0)\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")


def test_the_list_says_each_command_on_one_line(run: Run) -> None:
    shown, width = run("--help")[1].splitlines(), max(map(len, COMMANDS))
    for name, listed in COMMANDS.items():
        assert f"  {name.ljust(width)}  {listed.says}" in shown


def test_a_command_imports_no_other_command() -> None:
    script = (
        "import sys\n"
        "from huggingtweets.cli.main import cli\n"
        "cli(['generate', '--help'], standalone_mode=False)\n"
        "others = {'huggingtweets.cli.bases', 'huggingtweets.cli.learning', 'huggingtweets.cli.versions'}\n"
        "sys.exit(', '.join(others & set(sys.modules)) or 0)\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")


def test_all_help_has_examples_and_nothing_for_programs_alone(run: Run) -> None:
    # The help of the others comes from the programs that they run.
    for name in ("", "bases get", *(name for name in COMMANDS if name not in ("bot", "token", "backup", "restore"))):
        assert f"\n  Examples:\n    huggingtweets {name}" in run(*name.split(), "--help")[1]
    assert "--events" not in run("train", "--help")[1]


def test_no_command_shows_the_help(run: Run) -> None:
    code, out, err = run()
    assert code == 64
    assert "Usage: huggingtweets" in out + err
    assert "huggingtweets: Usage" not in err


def test_help_and_version_are_no_failures(run: Run) -> None:
    assert run("--help")[0] == 0
    code, out, _ = run("--version")
    assert code == 0
    assert out.strip().endswith(__version__)


def test_the_library_of_the_hub_does_not_warn_of_each_attempt(tmp_path: Path) -> None:
    """It sets its own level when it is imported, which is after a command has begun."""
    script = (
        "import logging\n"
        "from huggingtweets.cli.main import main\n"
        "main(['models'])\n"
        "import huggingface_hub.file_download\n"
        "print(logging.getLogger('huggingface_hub.utils._http').isEnabledFor(logging.WARNING))\n"
    )
    surroundings = {name: value for name, value in os.environ.items() if name != "HF_HUB_VERBOSITY"}
    said = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=surroundings | {"XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout.splitlines()[-1:] == ["False"], said.stderr
