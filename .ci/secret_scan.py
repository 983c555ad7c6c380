"""Secrets in what is committed: `python .ci/secret_scan.py`.

It fails and names the file and line of each, never the secret. Only forms that nothing else has are looked for, so
there is no list of exceptions. Knows git and detect-secrets.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parents[1]
BINARY = (".png", ".safetensors", ".zip")
FORMS = (
    "AWSKeyDetector", "AzureStorageKeyDetector", "DiscordBotTokenDetector", "JwtTokenDetector", "OpenAIDetector",
    "PrivateKeyDetector", "PypiTokenDetector", "SlackDetector", "TelegramBotTokenDetector",
)  # fmt: skip
# Forms of ours that the library does not know, or takes too widely.
OWN = {
    "GitHub Token": re.compile(r"\b(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_\w{60,})\b"),
    "Hugging Face Token": re.compile(r"\bhf_[A-Za-z0-9]{30,40}\b"),
    "X Bearer Token": re.compile(r"\bA{20}[\w%]{60,}"),
}


def committed() -> list[str]:
    """The files that git knows, from the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if (ROOT / name).is_file() and not name.endswith(BINARY)]


def secrets(files: Iterable[str]) -> Iterator[str]:
    """A line for each secret in `files`."""
    found = SecretsCollection()
    with transient_settings({"plugins_used": [{"name": name} for name in FORMS]}):
        for file in files:
            found.scan_file(file)
            text = Path(file).read_text(encoding="utf-8", errors="replace")
            for kind, form in OWN.items():
                for match in form.finditer(text):
                    yield f"{file}:{text.count(chr(10), 0, match.start()) + 1}: {kind}"
    for file, secret in found:
        yield f"{file}:{secret.line_number}: {secret.type}"


if __name__ == "__main__":
    lines = list(secrets(str(ROOT / name) for name in committed()))
    print("\n".join(lines) or "No secret is committed.")
    sys.exit(bool(lines))
