"""If the engine dies for good, the process ends with an exit code that asks for a new start."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
import huggingtweets.generation.engine
from bot.__main__ import main
huggingtweets.generation.engine.live = lambda *arguments: None  # the thread ends at once
sys.exit(main(["--config", sys.argv[1]]))
"""


def test_the_process_ends_with_the_engine(tmp_path: Path, tiny_base: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[training]\nbase = "{tiny_base}"\n[bot]\nsample_account = false\n[playground]\nenabled = false\n'
    )
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(config)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin", "HOME": str(tmp_path), "DISCORD_TOKEN": ""},
    )
    assert ended.returncode == 75, ended.stderr
    assert "I cannot write any more until I am started again" in ended.stderr
    assert "Traceback" not in ended.stderr
