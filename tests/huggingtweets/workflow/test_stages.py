"""A stage is done once for the same inputs, and again if its inputs or its files have changed."""

from pathlib import Path

import pytest

from huggingtweets.workflow.stages import Stages, digest


class Work:
    """A stage that counts how often it was done, and writes a file and a folder."""

    def __init__(self, folder: Path):
        self.folder, self.done = folder, 0

    def __call__(self) -> dict[str, int]:
        self.done += 1
        (self.folder / "made").mkdir(exist_ok=True)
        (self.folder / "made" / "weights").write_text("w" * self.done)
        return {"done": self.done}

    def run(self, inputs: object, **more: object) -> dict[str, int]:
        return Stages(self.folder).output("train", inputs, self, files=["made"], **more)  # type: ignore[arg-type]


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def test_the_same_inputs_are_worked_on_once(work: Work) -> None:
    assert [work.run({"a": 1}) for _ in range(3)] == [{"done": 1}] * 3


def test_other_inputs_are_worked_on_again(work: Work) -> None:
    work.run({"a": 1})
    assert work.run({"a": 2}) == {"done": 2}
    assert work.run({"a": 1}) == {"done": 3}


@pytest.mark.parametrize("text", ["", "torn", None])
def test_a_file_that_is_not_what_was_written_is_made_again(work: Work, tmp_path: Path, text: str | None) -> None:
    work.run(1)
    weights = tmp_path / "made" / "weights"
    weights.unlink() if text is None else weights.write_text(text)
    assert work.run(1) == {"done": 2}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"inputs": 1}'])
def test_a_damaged_record_is_no_record(work: Work, tmp_path: Path, text: str) -> None:
    work.run(1)
    (tmp_path / "stages" / "train.json").write_text(text)
    assert work.run(1) == {"done": 2}


def test_what_lies_outside_may_refuse_an_output(work: Work) -> None:
    work.run(1)
    assert work.run(1, fresh=lambda output: output["done"] == 1) == {"done": 1}
    assert work.run(1, fresh=lambda _: False) == {"done": 2}


def test_a_stage_that_was_killed_goes_on_from_what_it_left_for_the_same_inputs_only(tmp_path: Path) -> None:
    checkpoint = tmp_path / "stages" / "checkpoint"

    def killed() -> dict[str, object]:
        checkpoint.write_text("half")
        raise KeyboardInterrupt

    def seen() -> dict[str, object]:
        return {"checkpoint": checkpoint.exists()}

    for inputs, there in ((1, True), (2, False)):
        with pytest.raises(KeyboardInterrupt):
            Stages(tmp_path).output("train", 1, killed, clear=["stages/checkpoint"])
        stages = Stages(tmp_path)
        assert stages.output("train", inputs, seen, clear=["stages/checkpoint"]) == {"checkpoint": there}
        assert stages.inputs == {"train": digest(inputs)}
        stages.forget()
        assert not stages.records.exists()
