"""Where a secret is: in the environment, in a file that the environment names, or among systemd's credentials.

Containers use `DISCORD_TOKEN_FILE=/run/secrets/token`. systemd puts the credentials of a service into the folder
`$CREDENTIALS_DIRECTORY`, in files that are named like the variables.

Knows names, files and the environment. Does not know settings.
"""

from collections.abc import Mapping
from pathlib import Path

from huggingtweets.core.errors import Misconfigured

CREDENTIALS = "CREDENTIALS_DIRECTORY"
MOST_BYTES = 64 << 10


def secret_value(name: str, environ: Mapping[str, str]) -> str | None:
    """The secret `name`, or None if there is none. Raises `Misconfigured` if its file cannot be read or is empty."""
    value, file = environ.get(name, "").strip(), environ.get(file_variable(name), "").strip()
    if value and file:
        raise Misconfigured(f"Both {name} and {file_variable(name)} are set; remove one of them.")
    if value:
        return value
    if file:
        return _read(Path(file), file_variable(name))
    folder = environ.get(CREDENTIALS, "")
    if folder and (credential := Path(folder, name)).is_file():
        return _read(credential, f"the credential {name}")
    return None


def file_variable(name: str) -> str:
    """The variable that names the file of a secret."""
    return f"{name}_FILE"


def _read(path: Path, source: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        text = content.decode().strip() if len(content) <= MOST_BYTES else ""
    except OSError as error:
        raise Misconfigured(f"{path}, the file of {source}, cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        text = ""  # the error would repeat bytes of the secret
    if not text:
        raise Misconfigured(f"{path}, the file of {source}, holds no secret: it is empty, too long or not text.")
    return text
