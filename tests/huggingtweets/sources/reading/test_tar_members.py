"""A tar archive is read without being unpacked, within limits; a broken or hostile one is refused in a sentence."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from huggingtweets.core.errors import BadSource
from huggingtweets.sources import read
from huggingtweets.sources.reading.members import ArchiveLimits
from huggingtweets.sources.reading.tar_members import is_tar, opened_tar

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
NOTE = {"id": "https://m.example/1", "type": "Note", "content": "<p>the fog is thick</p>", "to": PUBLIC}
OUTBOX = json.dumps({"orderedItems": [{"type": "Create", "actor": "https://m.example/users/ann", "object": NOTE}]})
FILES = {"./outbox.json": OUTBOX, "./actor.json": '{"preferredUsername": "ann"}', "./media/1.png": "x" * 2_000}


def packed(tmp_path: Path, files: dict[str, str], mode: str = "w:gz", name: str = "archive.tar.gz") -> Path:
    with tarfile.open(tmp_path / name, mode) as archive:  # type: ignore[call-overload]  # mode is one of its own
        for member, content in files.items():
            info = tarfile.TarInfo(member)
            info.size = len(content.encode())
            archive.addfile(info, io.BytesIO(content.encode()))
    return tmp_path / name


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_mastodons_older_archive_is_read(tmp_path: Path, mode: str) -> None:
    path = packed(tmp_path, FILES, mode, "archive.bin")
    found = read(path)
    assert [tweet.text for tweet in found.tweets] == ["the fog is thick"]
    assert found.account
    assert found.account.handle == "ann"
    assert list(tmp_path.iterdir()) == [path], "nothing is written anywhere"


def test_the_only_table_in_it_is_read(tmp_path: Path) -> None:
    assert [tweet.text for tweet in read(packed(tmp_path, {"a/t.csv": "text\nthe fog"})).tweets] == ["the fog"]


def test_a_table_that_gzip_has_packed_is_no_tar_archive(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"text\nthe fog is thick\n"))
    assert not is_tar(tmp_path / "a.csv.gz")
    assert [tweet.text for tweet in read(tmp_path / "a.csv.gz").tweets] == ["the fog is thick"]


@pytest.mark.parametrize("name", ["../outbox.json", "/outbox.json", "a/../../outbox.json"])
def test_a_member_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadSource, match="leads out of the archive"):
        read(packed(tmp_path, FILES | {name: "{}"}))


def test_a_link_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "archive.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("outbox.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(BadSource, match="tar archive without"):
        read(path)


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path, FILES | {"likes.json": "".join(map(str, range(9_000)))})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadSource, match="broken or incomplete"):
        read(path)


def test_limits_are_kept(tmp_path: Path) -> None:
    path = packed(tmp_path, FILES)
    with pytest.raises(BadSource, match="unpacks to more than the 1,000 bytes"), opened_tar(path, max_unpacked=1_000):
        pass
    with (
        opened_tar(path, ArchiveLimits(total_bytes=10)) as members,
        pytest.raises(BadSource, match="larger than the 10 bytes"),
        members.text("outbox.json"),
    ):
        pass


def test_an_archive_whose_checksum_is_wrong_is_refused_in_a_sentence(tmp_path: Path) -> None:
    plain = packed(tmp_path, FILES, "w", "plain.tar").read_bytes()
    without_end = plain.rstrip(b"\0") + b"\0" * (-len(plain.rstrip(b"\0")) % tarfile.BLOCKSIZE)
    damaged = bytearray(gzip.compress(without_end))
    damaged[-8] ^= 0xFF  # the first byte of gzip's checksum
    path = tmp_path / "archive.tar.gz"
    path.write_bytes(damaged)
    with pytest.raises(BadSource, match="it is a broken or incomplete tar archive"):
        read(path)
