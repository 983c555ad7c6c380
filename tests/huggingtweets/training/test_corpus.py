"""Documents are read from every kind of corpus file, and the same documents are always held out."""

import json
from pathlib import Path

import pytest
import zstandard

from huggingtweets.core.errors import BadFile
from huggingtweets.training import corpus

TEXTS = ["one two", "drei ü 🚀", "line\u2028separator"]


def json_lines(texts: list[str]) -> bytes:
    return "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts).encode()


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_json_lines_plain_and_compressed_are_read(tmp_path: Path) -> None:
    plain = saved(tmp_path / "a.jsonl", json_lines(TEXTS))
    packed = saved(tmp_path / "a.jsonl.zst", zstandard.compress(json_lines(TEXTS)))
    assert list(corpus.documents(plain)) == list(corpus.documents(packed)) == TEXTS


def test_a_compressed_file_of_several_frames_is_read_to_its_end(tmp_path: Path) -> None:
    frames = zstandard.compress(json_lines(TEXTS[:1])) + zstandard.compress(json_lines(TEXTS[1:]))
    assert list(corpus.documents(saved(tmp_path / "a.jsonl.zst", frames))) == TEXTS


def test_plain_text_is_a_document_a_line_without_the_empty_ones(tmp_path: Path) -> None:
    assert list(corpus.documents(saved(tmp_path / "a.txt", b"one\n\n  two \n"))) == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.jsonl", b"{}\n", 'line 1 has no "text"'),
        ("a.jsonl", b'{"text": "x"}\n[1]\n', 'line 2 has no "text"'),
        ("a.jsonl", b'{"text": "x"}\n{"te', "line 2 is not JSON"),
        ("a.txt", b"\xff\xfe\xfa", "the corpus is not UTF-8"),
        ("a.txt.zst", b"no zstd at all", "the corpus cannot be read"),
    ],
)
def test_a_broken_corpus_is_refused_with_its_place(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    with pytest.raises(BadFile, match=why):
        list(corpus.documents(saved(tmp_path / name, content)))


def test_a_missing_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="check the path"):
        list(corpus.documents(tmp_path / "none.txt"))


def test_the_split_is_by_the_text_alone(tmp_path: Path) -> None:
    texts = [f"document {number}" for number in range(4_000)]
    learned, held_out = corpus.split([saved(tmp_path / "a.jsonl", json_lines(texts))])
    assert sorted(learned + held_out) == sorted(texts)
    assert not set(learned) & set(held_out)
    assert 5 <= len(held_out) <= 40  # 20 expected
    _, of_two_files = corpus.split(
        [saved(tmp_path / f"{part}.jsonl", json_lines(texts[part::2][::-1])) for part in (0, 1)]
    )
    assert sorted(of_two_files) == sorted(held_out)


def test_a_lone_surrogate_can_be_judged_too() -> None:
    texts = [f"\ud83d {number}" for number in range(2_000)]
    held_out = [text for text in texts if corpus.is_held_out(text)]
    assert 0 < len(held_out) < 100


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    # `printf abc | sha256sum`
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert corpus.sha256(saved(tmp_path / "a", b"abc")) == expected
