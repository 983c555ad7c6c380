"""A Hugging Face Hub on loopback: repositories with commits, tags and large files, and failures on demand.

It answers what huggingface_hub 2.4 asks when it pushes and downloads, and checks what it is sent: hashes of uploads,
parents of commits, YAML of cards. It knows one token that may write and one that may only read.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

WRITER, READER, OWNER = "hf_writer", "hf_reader", "people"
Files = dict[str, bytes]


@dataclass
class Repository:
    """A repository: its commits by id, in order. `main` is the last one."""

    private: bool
    commits: dict[str, Files] = field(default_factory=lambda: {"0" * 40: {}})
    messages: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return next(reversed(self.commits))

    def commit_of(self, revision: str) -> str | None:
        commit = self.head if revision == "main" else self.tags.get(revision, revision)
        return commit if commit in self.commits else None


class Refusal(Exception):
    """An answer with a status other than 200."""

    def __init__(self, status: int, message: str, code: str = "", url: str = ""):
        self.status, self.message, self.code, self.url = status, message, code, url


class Hub:
    """The repositories, and failures: `fail` makes the next matching requests fail, or cuts their connection."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.before: list[tuple[re.Pattern[str], Callable[[], None]]] = []
        self._faults: list[list[Any]] = []
        self._lock = threading.RLock()
        self.url = ""

    def fail(self, pattern: str, status: int | bytes | None, times: int = 1_000_000) -> None:
        """`pattern` is searched for in "METHOD /path"; `status` None cuts the connection halfway.

        Status 0 does what was asked and loses the answer. Bytes are sent with status 200, as by a router's log-in page.
        """
        self._faults.append([re.compile(pattern), status, times])

    def fault(self, request: str) -> tuple[bool, int | bytes | None]:
        with self._lock:
            for fault in self._faults:
                if fault[2] and fault[0].search(request):
                    fault[2] -= 1
                    return True, fault[1]
        return False, None

    def answer(self, method: str, path: str, token: str, body: bytes) -> Any:
        """The answer to a request: JSON, or bytes and headers."""
        with self._lock:
            for pattern, act in [row for row in self.before if row[0].search(f"{method} {path}")]:
                self.before.remove((pattern, act))
                act()
            for route, pattern, function in ROUTES:
                if route == method and (match := re.fullmatch(pattern, path)):
                    if token not in (WRITER, READER) and not self._anybody_may(function, match):
                        raise Refusal(401, "Invalid credentials in Authorization header")
                    if token == READER and method != "GET" and "validate" not in path:
                        raise Refusal(403, "this token has no write access")
                    return function(self, body, *map(unquote, match.groups()))
        raise Refusal(404, f"no route for {method} {path}")

    def _anybody_may(self, function: Callable[..., Any], match: re.Match[str]) -> bool:
        """Returns True for a file of a repository that is not private."""
        repository = self.repositories.get(match[1]) if function is resolve else None
        return repository is not None and not repository.private

    def repository(self, name: str) -> Repository:
        if name not in self.repositories:
            raise Refusal(404, "Repository not found", "RepoNotFound")
        return self.repositories[name]

    def files(self, name: str, revision: str = "main") -> tuple[str, Files]:
        repository = self.repository(name)
        commit = repository.commit_of(revision)
        if commit is None:
            raise Refusal(404, "Invalid rev id", "RevisionNotFound")
        return commit, repository.commits[commit]


def whoami(hub: Hub, body: bytes) -> Any:
    return {"type": "user", "name": OWNER, "orgs": [], "auth": {"accessToken": {"role": "write"}}}


def create(hub: Hub, body: bytes) -> Any:
    asked = json.loads(body)
    if asked["organization"] != OWNER:
        raise Refusal(403, f"You don't have the rights to create a model under {asked['organization']}")
    name = f"{asked['organization']}/{asked['name']}"
    if name in hub.repositories:
        raise Refusal(409, "You already created this model repo", url=f"{hub.url}/{name}")
    hub.repositories[name] = Repository(asked.get("visibility") == "private")
    return {"url": f"{hub.url}/{name}"}


def delete(hub: Hub, body: bytes) -> Any:
    asked = json.loads(body)
    hub.repository(f"{asked['organization']}/{asked['name']}")
    del hub.repositories[f"{asked['organization']}/{asked['name']}"]
    return {}


def change_settings(hub: Hub, body: bytes, name: str) -> Any:
    asked = json.loads(body)
    hub.repository(name).private = asked.get("private", asked.get("visibility") == "private")
    return {}


def info(hub: Hub, body: bytes, name: str, revision: str | None = None) -> Any:
    commit, files = hub.files(name, revision or "main")
    return {
        "id": name,
        "sha": commit,
        "private": hub.repositories[name].private,
        "tags": [],
        "siblings": [{"rfilename": path} for path in files],
    }


def tree(hub: Hub, body: bytes, name: str, revision: str) -> Any:
    _, files = hub.files(name, revision)
    return [{"type": "file", "path": path, "size": len(data), "oid": blob_id(data)} for path, data in files.items()]


def refs(hub: Hub, body: bytes, name: str) -> Any:
    tags = hub.repository(name).tags.items()
    return {
        "branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": hub.repository(name).head}],
        "converts": [],
        "tags": [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": commit} for tag, commit in tags],
    }


def validate(hub: Hub, body: bytes) -> Any:
    """The Hub's first check: the front matter is YAML, with a licence and a base model that can be on the Hub."""
    content = json.loads(body)["content"]
    data = yaml.safe_load(content.split("---\n")[1])
    base = str(data.get("base_model", "gpt2"))
    if not re.fullmatch(r"[\w-][\w.-]*(/[\w.-]+)?", base):
        raise Refusal(400, json.dumps([{"message": f'"base_model" with value "{base}" is not valid'}]), "yaml")
    return {"warnings": [], "errors": []}


def preupload(hub: Hub, body: bytes, name: str, revision: str) -> Any:
    _, files = hub.files(name, revision)
    return {
        "files": [
            {
                "path": row["path"],
                "uploadMode": "lfs" if row["path"].endswith((".safetensors", ".png")) else "regular",
                "shouldIgnore": False,
                "oid": _known_id(files, row["path"]),
            }
            for row in json.loads(body)["files"]
        ]
    }


def _known_id(files: Files, path: str) -> str | None:
    if path not in files:
        return None
    is_large = path.endswith((".safetensors", ".png"))
    return hashlib.sha256(files[path]).hexdigest() if is_large else blob_id(files[path])


def batch(hub: Hub, body: bytes, name: str) -> Any:
    hub.repository(name)
    objects = [
        {**row, "actions": {"upload": {"href": f"{hub.url}/large/{row['oid']}"}}} for row in json.loads(body)["objects"]
    ]
    stored = [{key: row[key] for key in ("oid", "size")} for row in objects if row["oid"] in hub.large]
    return {"transfer": "basic", "objects": [row for row in objects if row["oid"] not in hub.large] + stored}


def upload(hub: Hub, body: bytes, oid: str) -> Any:
    if hashlib.sha256(body).hexdigest() != oid:
        raise Refusal(400, "the content is not what was announced")
    hub.large[oid] = body
    return {}


def commit(hub: Hub, body: bytes, name: str, revision: str) -> Any:
    repository = hub.repository(name)
    rows = [json.loads(line) for line in body.splitlines()]
    header = next(row["value"] for row in rows if row["key"] == "header")
    if header.get("parentCommit") and header["parentCommit"] != repository.head:
        raise Refusal(412, "A commit has happened since")
    files = dict(repository.commits[repository.head])
    for row in rows:
        value = row["value"]
        if row["key"] == "file":
            files[value["path"]] = base64.b64decode(value["content"])
        elif row["key"] == "lfsFile":
            if value["oid"] not in hub.large:
                raise Refusal(400, f"{value['path']} was never uploaded")
            files[value["path"]] = hub.large[value["oid"]]
        elif row["key"] == "deletedFile":
            del files[value["path"]]
    made = hashlib.sha1(body + repository.head.encode()).hexdigest()
    repository.commits[made] = files
    repository.messages.append(header["summary"])
    return {"commitUrl": f"{hub.url}/{name}/commit/{made}", "commitOid": made}


def tag(hub: Hub, body: bytes, name: str, revision: str) -> Any:
    repository, asked = hub.repository(name), json.loads(body)["tag"]
    if asked in repository.tags:
        raise Refusal(409, "Tag reference exists already")
    repository.tags[asked] = hub.files(name, revision)[0]
    return {}


def untag(hub: Hub, body: bytes, name: str, asked: str) -> Any:
    del hub.repository(name).tags[asked]
    return {}


def resolve(hub: Hub, body: bytes, name: str, revision: str, path: str) -> tuple[bytes, dict[str, str]]:
    made, files = hub.files(name, revision)
    if path not in files:
        raise Refusal(404, "Entry not found", "EntryNotFound")
    return files[path], {"X-Repo-Commit": made, "ETag": f'"{hashlib.sha256(files[path]).hexdigest()}"'}


def blob_id(data: bytes) -> str:
    """The id that Git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


NAME = r"([\w.-]+/[\w.-]+)"
ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/api/whoami-v2", whoami),
    ("POST", "/api/repos/create", create),
    ("DELETE", "/api/repos/delete", delete),
    ("PUT", f"/api/models/{NAME}/settings", change_settings),
    ("GET", f"/api/models/{NAME}/revision/([^/]+)", info),
    ("GET", f"/api/models/{NAME}/tree/([^/]+)", tree),
    ("GET", f"/api/models/{NAME}/refs", refs),
    ("GET", f"/api/models/{NAME}", info),
    ("POST", "/api/validate-yaml", validate),
    ("POST", f"/api/models/{NAME}/preupload/([^/]+)", preupload),
    ("POST", f"/{NAME}.git/info/lfs/objects/batch", batch),
    ("PUT", "/large/([0-9a-f]+)", upload),
    ("POST", f"/api/models/{NAME}/commit/([^/]+)", commit),
    ("POST", f"/api/models/{NAME}/tag/([^/]+)", tag),
    ("DELETE", f"/api/models/{NAME}/tag/([^/]+)", untag),
    ("GET", f"/{NAME}/resolve/([^/]+)/(.+)", resolve),
)


class Handler(BaseHTTPRequestHandler):
    """Serves `Hub.answer` over HTTP/1.1."""

    hub: Hub
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet; in two, each answer costs the 40 ms of a delayed ACK

    def handle_one(self) -> None:
        method, path = self.command, urlsplit(self.path).path
        request = f"{method} {path}"
        self.hub.asked.append(request)
        failing, status = self.hub.fault(request)
        length = int(self.headers.get("Content-Length") or 0)
        if failing and status is None:
            self.rfile.read(length // 2)
            self.connection.close()
            self.close_connection = True
            return
        if failing and isinstance(status, bytes):
            self._send(200, status, {"Content-Type": "text/html"})
            return
        body = self.rfile.read(length)
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = self._chunks()
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if path.startswith("/large/"):
            token = WRITER  # a signed URL needs no token
        try:
            if failing and status:
                raise Refusal(status, "as the test wants")
            answer = self.hub.answer("GET" if method == "HEAD" else method, path, token, body)
        except Refusal as refusal:
            self._refuse(refusal)
            return
        if failing:
            self.connection.close()
            self.close_connection = True
        elif isinstance(answer, tuple):
            self._send(200, *answer)
        else:
            self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_one  # noqa: N815

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _refuse(self, refusal: Refusal) -> None:
        headers = {"Content-Type": "application/json", "X-Error-Message": refusal.message}
        answer: dict[str, Any] = {"error": refusal.message, "url": refusal.url}
        if refusal.code == "yaml":
            answer, headers = (
                {"errors": json.loads(refusal.message), "warnings": []},
                {"Content-Type": "application/json"},
            )
        elif refusal.code:
            headers["X-Error-Code"] = refusal.code
        self._send(refusal.status, json.dumps(answer).encode(), headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing."""


@contextmanager
def running_hub() -> Iterator[Hub]:
    """Serve the hub on a free port of loopback."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
