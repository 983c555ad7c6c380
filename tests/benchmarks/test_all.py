"""`make bench` runs every script, and in miniature each gets arguments that it takes."""

import ast
import shutil
from pathlib import Path

from benchmarks import all as plan
from benchmarks import miniature
from benchmarks.results import SECTIONS

SCRIPTS = {
    path.stem
    for path in plan.HERE.glob("*.py")
    if path.stem != "all" and '__name__ == "__main__"' in path.read_text(encoding="utf-8")
}


def options_of(script: str) -> set[str]:
    """The options that a script declares."""
    tree = ast.parse((plan.HERE / f"{script}.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    declared = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"]
    return {str(call.args[0].value) for call in declared if isinstance(call.args[0], ast.Constant)}


def test_every_script_is_a_step_or_says_why_not() -> None:
    steps = [step.name for step in plan.STEPS]
    assert sorted([*steps, *plan.BY_HAND]) == sorted(SCRIPTS)


def test_every_result_of_the_page_comes_from_a_step() -> None:
    assert {file for _, file, _ in SECTIONS} <= {file for step in plan.STEPS for file in step.leaves}


def test_every_step_gets_options_that_its_script_takes() -> None:
    for step in plan.STEPS:
        given = {argument for argument in (*step.arguments, *step.quick) if argument.startswith("--")}
        assert given <= options_of(step.name), step.name


def test_a_miniature_has_tweets_and_no_figure_and_leaves_this_folder_alone() -> None:
    before = {path: path.stat().st_mtime_ns for path in plan.HERE.rglob("*") if "__pycache__" not in path.parts}
    with miniature.place(plan.ACCOUNTS) as (root, tweets):
        assert [file.stem for file in plan.files_of(tweets)] == sorted(plan.ACCOUNTS)
        assert len({file.read_text() for file in tweets.iterdir()}) == len(plan.ACCOUNTS)
        assert {path.name for path in (root / "benchmarks").glob("*.py")} == {
            path.name for path in plan.HERE.glob("*.py")
        }
        assert not list((root / "benchmarks").glob("*.json*"))
        assert (root / "models" / "base" / "config.json").is_file()
        shutil.rmtree(root / "benchmarks")
    assert not root.exists()
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert Path("models/base").is_dir()
