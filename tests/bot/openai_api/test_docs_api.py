"""The commands in docs/api.md work as they stand there, on a server that listens."""

import asyncio
import os
import re
import shlex
import shutil
import socket
import sys
import textwrap
from collections.abc import AsyncIterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import uvicorn
import yaml

from bot.openai_api import asked, guard
from bot.token_command import main
from huggingtweets.core.config.user_folders import CHECKOUT
from huggingtweets.generation.drawing_options import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE
from huggingtweets.tweets.learned.contexts import MAX_CHARACTERS, MAX_POSTS
from tests.bot.openai_api.conftest import Api

TEXT = (CHECKOUT / "docs" / "api.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.fixture
async def address(api: Api) -> AsyncIterator[str]:
    """Where the API listens, as an address that a client takes."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(api.app, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving
    listening.close()


def here(text: str, address: str) -> str:
    """The same for the voice and the server of the tests."""
    assert "http://127.0.0.1:7860" in text
    return text.replace("http://127.0.0.1:7860", address).replace("keeper_brindle", "ann")


async def test_the_commands_on_tokens_work(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [shlex.split(line) for block in blocks("sh") for line in block.splitlines() if line.startswith("hugg")]
    assert [command[2] for command in commands] == ["new", "new", "list", "revoke"]
    for command in commands:
        arguments = ["--config", str(api.use_cases.home.config_file), *command[2:]]
        assert await asyncio.to_thread(main, arguments) == 0, command
    assert "a guest" in capsys.readouterr().out


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
async def test_the_commands_for_a_shell_work(api: Api, address: str) -> None:
    scripts = [block for block in blocks("sh") if "curl" in block]
    assert len(scripts) == 3
    for script in scripts:
        command = here(script, address).replace("htw-...", api.token)
        process = await asyncio.create_subprocess_exec(
            "bash",
            "-ec",
            command,
            stdout=-1,
            env={"PATH": os.environ["PATH"], "HUGGINGTWEETS_TOKEN": api.token},
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        assert b'"error"' not in out
        assert (b"[DONE]" in out) == ("stream" in script)
        assert b'"ann"' in out


async def test_the_program_in_python_works(api: Api, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [program] = blocks("python")
    monkeypatch.setenv("HUGGINGTWEETS_TOKEN", api.token)
    shown = StringIO()

    def run() -> None:
        with redirect_stdout(shown):
            exec(compile(here(program, address), "docs/api.md", "exec"), {})

    await asyncio.to_thread(run)
    assert len(shown.getvalue().splitlines()) == 3


async def test_llm_works(api: Api, address: str, tmp_path: Path) -> None:
    [models] = blocks("yaml")
    [commands] = [block for block in blocks("sh") if block.startswith("llm")]
    (tmp_path / "extra-openai-models.yaml").write_text(here(models, address))
    assert yaml.safe_load(models)[0]["model_name"] == "keeper_brindle"
    program = f"{sys.executable} -m llm"
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-ec",
        re.sub(r"^llm", program, commands, flags=re.MULTILINE),
        stdout=-1,
        env={
            "PATH": os.environ["PATH"],
            "HUGGINGTWEETS_TOKEN": api.token,
            "LLM_USER_PATH": str(tmp_path),
            "LLM_LOAD_PLUGINS": "",
        },
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    assert len(out.decode().strip()) > 3


def test_the_figures_are_as_they_are() -> None:
    said = textwrap.dedent(TEXT)
    assert f"at most {asked.MAX_PROMPT_CHARACTERS} characters; or up to {asked.MAX_PROMPTS} such prompts" in said
    assert f"up to two messages before it, and no more than {MAX_CHARACTERS} characters" in said
    assert MAX_POSTS == 3
    assert f"1 to {asked.MAX_COUNT} |" in said
    assert f"from {LOWEST_TEMPERATURE:g} to {HIGHEST_TEMPERATURE:g}" in said
    assert f"up to {asked.MAX_STOPS} texts" in said
    assert f"too slowly ({guard.BODY_SECONDS:g} s), or has more than {guard.MAX_BYTES // 1024} KiB" in said
