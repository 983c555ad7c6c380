"""A folder becomes a zip piece by piece."""

import io
import zipfile
from pathlib import Path

from bot.web.voices import zipped as module
from bot.web.voices.zipped import zipped


def test_a_folder_is_zipped_in_pieces_that_are_no_larger_than_what_is_read(tmp_path: Path) -> None:
    weights = bytes(range(256)) * 20_000
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "weights").write_bytes(weights)
    (tmp_path / "README.md").write_text("a voice")
    (tmp_path / "elsewhere").symlink_to("/etc/hostname")
    pieces = list(zipped(tmp_path, "ann-v1"))
    assert max(map(len, pieces)) < 2 * module.PIECE
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["ann-v1/README.md", "ann-v1/adapter/weights"]
        assert archive.read("ann-v1/adapter/weights") == weights
