"""A PostgreSQL server for the tests: Debian's own, on loopback, in a temporary folder, as a user who is not root.

Not a fake: it stands here because it is the far end of a connection.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from sqlalchemy.engine import make_url

USER, PASSWORD = "bot", "s3cret-of-postgresql"


def binaries() -> Path | None:
    """The folder of initdb and postgres: from the PATH, or the newest one where Debian puts them."""
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return installed[-1] if installed else None


@contextmanager
def running() -> Iterator[str]:
    """A server for this test session. Yields its URL without a database: add `/name`."""
    programs = binaries()
    assert programs
    # Not below pytest's folder, because other users may not enter that.
    home = Path(tempfile.mkdtemp(prefix="postgresql-"))
    owner = _owner()
    if owner:
        shutil.chown(home, owner)
    password = home / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)
    made = ["--auth=scram-sha-256", f"--pwfile={password}", f"--username={USER}", "--no-sync", "--encoding=UTF8"]
    options = {"cwd": home, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}, "user": owner}
    subprocess.run([programs / "initdb", "-D", home / "data", *made], check=True, capture_output=True, **options)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = ["listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={home}"]
    # The data need not survive the tests.
    settings += ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "shared_buffers=32MB"]
    command = [programs / "postgres", "-D", home / "data", *(word for one in settings for word in ("-c", one))]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, **options)
    try:
        _wait_for(port, server, home / "log")
        yield f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def hung(url: str) -> Iterator[None]:
    """The server of `url` and all its processes are stopped (SIGSTOP) while the context lasts.

    Whoever connects is accepted, by the kernel, and gets no answer.
    """
    port = f"port={make_url(url).port}"
    # A child has the command line of the server until it gives itself a title.
    found = [one for one in psutil.process_iter(["cmdline"]) if port in (one.info["cmdline"] or [])]
    server = min(found, key=psutil.Process.create_time)
    processes = [server, *server.children(recursive=True)]
    try:
        for process in processes:
            process.suspend()
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


def _owner() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid():
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def _wait_for(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        if "ready to accept connections" in log.read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL does not answer on {port}: {log.read_text()}")
