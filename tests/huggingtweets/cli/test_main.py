"""Help and version are shown without a computation."""

import subprocess
import sys

from huggingtweets import __version__
from huggingtweets.cli.main import COMMANDS, cli
from tests.huggingtweets.cli.running import Run


def test_no_help_imports_what_computes_or_speaks_to_others() -> None:
    """In a process of its own, which imports the modules of all commands and shows the help of each."""
    script = (
        "import sys\n"
        "from huggingtweets.cli.main import COMMANDS, cli\n"
        "for name in ['', *(command.name for command in COMMANDS)]:\n"
        "    cli([*name.split(), '--help'], standalone_mode=False)\n"
        "slow = {'torch', 'transformers', 'tokenizers', 'huggingface_hub', 'tweepy', 'trackio', 'jinja2'}\n"
        "sys.exit(', '.join(slow & set(sys.modules)) or 0)\n"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "Learn the voice NAME" in shown.stdout


def test_every_command_is_shown_with_a_sentence() -> None:
    assert set(cli.commands) == {command.name for command in COMMANDS}
    assert all(command.help and command.help.split("\n")[0].endswith(".") for command in COMMANDS)


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
