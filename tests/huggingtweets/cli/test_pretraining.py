"""A base model is trained from nothing."""

import json
from pathlib import Path

import pytest

from tests.huggingtweets.cli.running import Run, sentence


@pytest.mark.parametrize("as_json", [False, True])
def test_a_base_model_is_trained(run: Run, corpus_file: Path, tmp_path: Path, as_json: bool) -> None:
    size = ["--tokens", "1500", "--vocabulary", "300", "--width", "16", "--layers", "1", "--heads", "2"]
    size += ["--context", "64", "--batch-tokens", "512"]
    flags = ["--json"] if as_json else []
    code, out, _ = run("pretrain", "--corpus", corpus_file, "--out", tmp_path / "out", *size, *flags)
    assert code == 0
    if as_json:
        rows = [json.loads(line) for line in out.splitlines()]
        assert rows[-1]["event"] == "done"
        assert 0 < rows[-1]["held_out_bits_per_byte"] < 8
        assert rows[0]["stage"] == "pretrain"
    else:
        assert "bits per byte on the held-out documents" in out
    assert "cannot be split" in sentence(
        run("pretrain", "--corpus", corpus_file, "--out", tmp_path / "out", "--width", 16, "--heads", 3), 64
    )
