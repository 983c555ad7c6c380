"""The wheel is whole: it is built from the source distribution, installed into a new environment, and used there.

`make wheel` runs these tests. They are too slow for every change, because they build, install and learn.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import sentences

pytestmark = pytest.mark.wheel

ROOT = Path(__file__).parents[1]
BASE = "models/base/"
# Packages that this environment has already. The new one shares them, so that nothing is downloaded.
SHARED = Path(pytest.__file__).parents[1]

SETTINGS = """
[training]
base = "models/base"
threads = 1
max_epochs = 1
max_tokens = 4_000
min_characters = 1_000
warn_characters = 1_000

[gate]
drafts = 10
max_exact_copies = 10
max_near_copies = 1.0

[tracking]
tracker = "none"

[playground]
port = {port}
"""


def tracked() -> list[str]:
    """The files of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with both distributions: the one that WHEELS names, or a new one."""
    if folder := os.environ.get("WHEELS"):
        return (ROOT / folder).absolute()
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    build(source, out)
    return out


def build(source: Path, out: Path, *options: str, **environment: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, *options, source],
        env=os.environ | environment,
        check=True,
        capture_output=True,
    )


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    [wheel] = dist.glob("*.whl")
    return wheel


def test_the_source_distribution_holds_every_file_of_the_repository(dist: Path) -> None:
    [archive] = dist.glob("*.tar.gz")
    with tarfile.open(archive) as members:
        names = {member.name.partition("/")[2] for member in members if member.isfile()}
    assert set(tracked()) - names == set()
    assert not [name for name in names if name.endswith((".so", ".pyc"))]


def test_the_wheel_holds_both_packages_whole_with_base_settings_and_kernels(wheel: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    ours = {
        name for name in tracked() if name.startswith(("bot/", "huggingtweets/")) and not name.endswith((".c", ".h"))
    }
    base = {f"huggingtweets/embedded_base/{name.removeprefix(BASE)}" for name in tracked() if name.startswith(BASE)}
    kernels = {"huggingtweets/generation/engine/_kernels.so"}
    assert names == ours | base | kernels | {"huggingtweets/config.toml"}
    assert re.search(r"-py3-none-(linux|manylinux|macosx)_", wheel.name), "one wheel of a platform serves every Python"


def test_a_wheel_without_kernels_serves_every_platform(dist: Path, tmp_path: Path) -> None:
    [archive] = dist.glob("*.tar.gz")
    with tarfile.open(archive) as members:
        members.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    build(source, tmp_path / "dist", "--wheel", HUGGINGTWEETS_PURE="1")
    [wheel] = (tmp_path / "dist").glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "huggingtweets/embedded_base/config.json" in names
    assert not [name for name in names if name.endswith(".so")]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment in which the wheel is installed."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    [site] = folder.glob("lib/python*/site-packages")
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-index", wheel], check=True)
    # Last on the path, and only once pip is done: it must not see what is installed there.
    (site / "shared.pth").write_text(f"{SHARED}\n")
    return folder / "bin"


Command = Callable[..., str]


@pytest.fixture
def command(installed: Path, tmp_path: Path) -> Command:
    """Runs `huggingtweets` in an empty folder, as somebody who has just installed it. Returns what it prints."""

    def run(*arguments: object) -> str:
        done = subprocess.run(
            [installed / "huggingtweets", *map(str, arguments)],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def environment(home: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYTHON", "COV"))}
    return plain | {"HOME": str(home)}


def test_it_learns_draws_and_serves_its_page_outside_a_checkout(
    installed: Path, command: Command, tmp_path: Path
) -> None:
    where = subprocess.run(
        [installed / "python", "-c", "import huggingtweets, bot; print(huggingtweets.__file__, bot.__file__)"],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.count(str(installed.parent)) == 2, "the wheel is tried, not the checkout"
    state = tmp_path / ".local" / "share" / "huggingtweets"
    assert str(state) in command("init")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / ".config" / "huggingtweets" / "config.toml").write_text(SETTINGS.format(port=port))
    (tmp_path / "ann.txt").write_text("\n".join(sentences(150, seed=3)))
    command("train", "ann", "--from", "ann.txt")
    assert (state / "models" / "ann" / "v1" / "manifest.json").exists()
    assert len(command("generate", "ann", "our rover", "-n", "2", "--seed", "1").splitlines()) == 2
    assert f"config: {tmp_path}/.config/huggingtweets/config.toml is valid" in command("bot", "--check")
    with subprocess.Popen([installed / "huggingtweets", "bot"], cwd=tmp_path, env=environment(tmp_path)) as bot:
        try:
            assert "Tweets like the people who let it" in page(f"http://127.0.0.1:{port}/", bot)
            bot.send_signal(signal.SIGTERM)
            assert bot.wait(timeout=60) == 0
        finally:
            bot.kill()
    assert (state / "data" / "bot.db").exists(), "migrations came along"
    left = {path.name for path in tmp_path.iterdir()}
    assert left <= {"ann.txt", ".config", ".local", ".cache"}, "nothing is left in the working directory"


def test_the_kernels_of_the_wheel_are_loaded(installed: Path, tmp_path: Path) -> None:
    program = "from huggingtweets.generation.engine import native; print(native._library()._name)"
    library = subprocess.run(
        [installed / "python", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert library.stdout.strip().startswith(str(installed.parent))


def page(address: str, bot: "subprocess.Popen[bytes]") -> str:
    """The page at `address`, which is there once the bot has started."""
    ends = time.monotonic() + 180
    while time.monotonic() < ends and bot.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"there is no page; the bot's exit code is {bot.poll()}")
