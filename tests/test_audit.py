"""`.ci/run` fails on a secret and on a known weakness of a package, but not where nobody can be asked."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def script(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_planted_secret_is_found_and_not_repeated(tmp_path: Path) -> None:
    scan = script("secret_scan")
    # In pieces, so that no scanner finds them here.
    planted = {
        "key.pem": "-----BEGIN " + "PRIVATE KEY-----\nabc\n",
        "bot.toml": 'token = "' + "MTk4NjIyNDgzNDcxOTI1MjQ4" + ".Cl2FMQ." + "ZnCjm1XVW7vRze4b7Cq4se7kKWs" + '"\n',
        "hub.txt": "hf_" + "a1B2c3D4e5" * 3 + "a1B2\n",
    }
    for name, text in planted.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "plain.py").write_text("DISCORD_TOKEN = os.environ['DISCORD_TOKEN']\n")
    lines = list(scan.secrets(sorted(map(str, tmp_path.iterdir()))))
    assert sorted(Path(line.partition(":")[0]).name for line in lines) == sorted(planted)
    assert not [line for line in lines for text in planted.values() if text.strip() in line]


SKIPPED = {"name": "other", "skip_reason": "Dependency not found on PyPI"}
PACKAGE = {"name": "thing", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}


@pytest.mark.parametrize(
    ("told", "complaint", "code", "sentence"),
    [
        ({"dependencies": [PACKAGE]}, "Found 1", 1, "thing 1.0: PYSEC-1, mended in 1.1"),
        ({"dependencies": [PACKAGE | {"vulns": []}]}, "", 0, "No weakness of 1 packages is known."),
        ({"dependencies": [SKIPPED]}, "", 0, "No package was looked up"),
        ({"dependencies": [SKIPPED, PACKAGE | {"vulns": []}]}, "", 0, "1 others could not be looked up."),
        (None, "a\nERROR: Max retries exceeded", 0, "cannot be reached: ERROR: Max retries exceeded"),
    ],
)
def test_a_weakness_fails_and_a_service_that_is_away_does_not(
    told: object, complaint: str, code: int, sentence: str
) -> None:
    got, said = script("audit").verdict(json.dumps(told) if told else "", complaint)
    assert got == code
    assert sentence in said
    assert len(said.splitlines()) == 1
