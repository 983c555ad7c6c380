"""The command line: results on stdout, one sentence on stderr, and an exit code for every kind of failure."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from huggingtweets.cli import commands as cli
from huggingtweets.core import errors
from huggingtweets.core.config import Settings
from huggingtweets.core.records import Account, Collected, Tweet
from huggingtweets.registry.versions import Registry
from huggingtweets.tweets.tweet_store import TweetStore
from huggingtweets.workflow.pipeline import Outcome
from tests.conftest import sentences

Run = Callable[..., tuple[int, str, str]]
Trained = tuple[Settings, Outcome]


@pytest.fixture
def config(tmp_path: Path, tiny_base: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(
        f'[training]\nbase = "{tiny_base}"\nthreads = 1\nmin_characters = 1000\nmax_epochs = 1\nlora_rank = 2\n'
        "[gate]\ndrafts = 50\nmax_exact_copies = 50\nmax_near_copies = 1.0\n"
        '[tracking]\ntracker = "none"\n'
        "[generation]\nthreads = 1\nmax_new_tokens = 40\n"
    )
    return path


@pytest.fixture
def trained_config(trained: Trained, tiny_base: Path) -> Path:
    """Settings under which the session's trained voice is found. Its models are not to be changed."""
    home = trained[0].storage.models.parent
    path = home / "config.toml"
    path.write_text(
        f'[training]\nbase = "{tiny_base}"\nrow_tokens = 128\n[gate]\ndrafts = 50\n'
        '[tracking]\ntracker = "none"\n'
        "[generation]\nthreads = 1\nmax_new_tokens = 60\n"
    )
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process: exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
        else:
            code = 0
        out, err = capsys.readouterr()
        return code, out, err

    return run


def in_own_process(*arguments: object, folder: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "huggingtweets", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def sentence(failed: tuple[int, str, str], code: int) -> str:
    """The one sentence on stderr of a command that failed with `code`."""
    assert failed[0] == code, failed
    assert failed[1] == ""
    told = failed[2].lstrip("\n")  # click ends the line that an interrupt cut
    assert told.startswith("huggingtweets: ")
    assert told.count("\n") == 1
    assert told.endswith(".\n")
    assert "Traceback" not in told
    return told


def test_failures_of_a_real_process_are_a_code_and_a_sentence(tmp_path: Path) -> None:
    assert "No such command 'tain'" in sentence(in_own_process("tain", folder=tmp_path), 64)
    gone = in_own_process("train", "ann", "--from", "none.csv", folder=tmp_path)
    assert "there is no such file; check the path" in sentence(gone, 65)
    assert "There is no model of ann yet" in sentence(in_own_process("generate", "ann", folder=tmp_path), 69)
    (tmp_path / "config.toml").write_text("[training]\nsed = 1\n")
    assert "[training] sed" in sentence(in_own_process("models", folder=tmp_path), 78)


def test_help_and_version_need_no_torch(tmp_path: Path) -> None:
    code = "import sys; from huggingtweets.cli.commands import cli; cli(['train', '--help'], standalone_mode=False)"
    check = f"{code}; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert "Learn the voice NAME" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train"], "Missing argument 'NAME...'"),
        (["train", "no/name"], "is not a name"),
        (["train", "ann", "--method", "prompt"], "is not one of 'lora', 'full'"),
        (["train", "ann", "--seed", "-1"], "is not in the range"),
        (["generate", "ann", "--count", "x"], "is not a valid integer"),
        (["forget", "ann"], "say --yes if that is meant"),
    ],
)
def test_a_wrong_command_is_code_64(run: Run, config: Path, arguments: list[str], told: str) -> None:
    assert told in sentence(run(*arguments, "--config", config), 64)


def test_no_command_shows_the_help(run: Run) -> None:
    code, out, err = run()
    assert code == 64
    assert "Usage: huggingtweets" in out + err
    assert "huggingtweets: Usage" not in err


def test_help_and_version_are_no_failures(run: Run) -> None:
    assert run("--help")[0] == 0
    code, out, _ = run("--version")
    assert code == 0
    assert out.strip().endswith(cli.__version__)


def test_a_training_is_told_and_its_version_used(run: Run, config: Path, sample_file: Path) -> None:
    code, out, err = run("train", "@Ann", "--from", sample_file, "--config", config, "--seed", 3)
    assert code == 0
    assert "ann v1 is in use after" in out
    assert "250 downloaded, 10 retweets, 10 short, 230 kept." in out
    assert "collect: tweets 250, new 250" in err
    assert Registry(config.parent / "models").current("ann").manifest["seed"] == 3

    code, out, _ = run("train", "ann", "--json", "--config", config)
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert (rows[-1]["event"], rows[-1]["version"], rows[-1]["kept"]) == ("done", "v2", 230)
    assert {row["event"] for row in rows[:-1]} == {"progress"}

    assert run("rollback", "ann", "--config", config) == (0, "ann v1 is in use again.\n", "")
    assert run("promote", "ann", "v2", "--config", config) == (0, "ann v2 is in use.\n", "")
    assert "ann has no version v9; it has v1, v2" in sentence(run("promote", "ann", "v9", "--config", config), 69)

    assert run("forget", "ann", "--yes", "--config", config) == (0, "ann is forgotten.\n", "")
    assert TweetStore(config.parent / "data" / "tweets").tweets("ann") == []
    assert run("forget", "ann", "--yes", "--config", config)[1] == "There was nothing of ann.\n"
    refused = run("train", "ann", "--from", sample_file, "--config", config)
    assert "say huggingtweets forget ann --lift" in sentence(refused, 65)
    assert run("forget", "ann", "--lift", "--config", config)[1] == "ann may be learned again.\n"
    assert run("forget", "ann", "--lift", "--config", config)[1] == "ann was not forgotten.\n"
    assert run("models", "--config", config) == (0, "", "")


def test_one_person_under_two_names_is_forgotten_under_both(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("")
    store, registry = TweetStore(tmp_path / "data" / "tweets"), Registry(tmp_path / "models")
    account = Account("Lampkeeper", site="x")
    for name in ("circle", "edited"):
        store.merge(name, Collected(account, (Tweet("1", "the lamp is lit"),)))
        with registry.staged(name) as staged:
            registry.release(name, staged, {"base": "b", "created": "now", "accounts": [account.as_json()]})
    asked = sentence(run("forget", "circle", "--config", config), 64)
    assert "every tweet and version of circle, edited for good" in asked
    forgotten = run("forget", "circle", "--yes", "--config", config)
    assert forgotten == (0, "circle is forgotten. Gone with it: edited.\n", "")
    file = tmp_path / "lampkeeper.jsonl"
    file.write_text(json.dumps({"id": "1", "text": "the lamp is lit", "username": "lampkeeper"}) + "\n")
    for command in (
        ("generate", "edited"),
        ("generate", "circle", "--preview"),
        ("generate", "lampkeeper", "--preview", "--from", file),
        ("generate", "new", "--preview", "--from", file),
        ("train", "lampkeeper"),
        ("train", "lampkeeper", "--from", file),
        ("train", "new", "--from", file),
    ):
        assert "asked to be forgotten" in sentence(run(*command, "--config", config), 65)
    assert store.handles() == registry.kept() == []
    assert run("forget", "lampkeeper", "--lift", "--config", config)[1] == "circle, edited may be learned again.\n"
    assert "There are no tweets of lampkeeper" in sentence(run("train", "lampkeeper", "--config", config), 69)


def test_a_blend_is_drawn_under_the_name_it_was_given(run: Run, trained_config: Path) -> None:
    code, out, _ = run("generate", "0.5*ann+.25*@Ann", "-n", 1, "--seed", 5, "--json", "--config", trained_config)
    assert code == 0
    assert json.loads(out)["model"] == "0.75*ann"
    assert "is not a weight" in sentence(run("generate", "x*ann", "--config", trained_config), 64)


def test_a_slip_in_a_name_is_asked_about(run: Run, trained_config: Path) -> None:
    said = sentence(run("generate", "anm", "--config", trained_config), 69)
    assert "There is no model of anm yet. Did you mean ann? Train one, or list the models there are." in said
    assert "Did you mean ann?" in sentence(run("generate", "annn+ann", "--config", trained_config), 69)
    code, out, _ = run("generate", "Ann,", "-n", 1, "--seed", 5, "--config", trained_config)
    assert (code, len(out.splitlines())) == (0, 1)


def test_tweets_are_drawn_as_text_and_as_json(run: Run, trained_config: Path) -> None:
    code, out, _ = run("generate", "ann", "the crew", "-n", 2, "--seed", 5, "--config", trained_config)
    assert code == 0
    texts = out.splitlines()
    assert len(texts) == 2
    _, out, _ = run("generate", "ann", "the crew", "-n", 2, "--seed", 5, "--json", "--config", trained_config)
    rows = [json.loads(line) for line in out.splitlines()]
    assert [row["text"] for row in rows] == texts
    assert {(row["model"], row["version"], row["seed"]) for row in rows} == {("ann", "v1", 5)}


def test_a_prompt_without_a_tweet_is_code_69(run: Run, trained_config: Path) -> None:
    assert "too long" in sentence(run("generate", "ann", "x" * 2_000, "--config", trained_config), 69)


def test_too_many_tweets_are_code_64(run: Run, trained_config: Path) -> None:
    assert "ask for 1 to 50" in sentence(run("generate", "ann", "-n", 51, "--config", trained_config), 64)


def test_fewer_tweets_than_asked_are_told(run: Run, trained_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingtweets.generation.writer.SPARE_DRAFTS", 0)
    trained_config.write_text(trained_config.read_text() + "max_rounds = 1\ntemperature = 30\n")
    code, out, err = run("generate", "ann", "-n", 50, "--seed", 1, "--config", trained_config)
    assert code == 0
    assert 0 < len(out.splitlines()) < 50
    assert err.startswith(f"Only {len(out.splitlines())} of 50 this time: my other drafts broke off, ")


def test_models_are_listed(run: Run, trained_config: Path, tiny_base: Path) -> None:
    _, out, _ = run("models", "--config", trained_config)
    assert out.split("\t")[:3] == ["ann", "v1", str(tiny_base)]
    _, out, _ = run("models", "--json", "--config", trained_config)
    assert json.loads(out).items() >= {"name": "ann", "version": "v1", "method": "lora", "versions": ["v1"]}.items()


def test_a_version_is_measured(run: Run, trained_config: Path, trained: Trained) -> None:
    code, out, _ = run("evaluate", "ann", "--json", "--config", trained_config)
    assert code == 0
    report = trained[1].report
    assert json.loads(out)["held_out_bits_per_byte"] == pytest.approx(report.held_out_bits_per_byte, rel=1e-4)
    _, out, _ = run("evaluate", "ann", "--config", trained_config)
    assert "drafts: 50\n" in out
    assert f"held out bits per byte: {report.held_out_bits_per_byte:.4f}" in out


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


def failing(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "Interrupted; start it again and it goes on."),
        (OSError(28, "No space left on device"), 70, "The system refused: [Errno 28] No space left on device"),
        (ZeroDivisionError("x"), 70, "A fault of our own (ZeroDivisionError: x); please report it."),
    ],
)
def test_the_unexpected_is_a_sentence_too(
    run: Run, config: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, told: str
) -> None:
    monkeypatch.setattr(Registry, "names", failing(error))
    assert told in sentence(run("models", "--config", config), code)


def test_every_error_has_a_code_of_its_kind() -> None:
    kinds = [errors.Usage, errors.BadData, errors.Unavailable, errors.Misconfigured, errors.PipelineError]
    assert [kind.exit_code for kind in kinds] == [64, 65, 69, 78, 70]


def test_several_people_are_trained_as_one(run: Run, config: Path, sample_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("\n".join(sentences(60, seed=41)))
    whose = ["--from", f"ann={sample_file}", "--from", f"BOB={other}"]
    code, out, _ = run("train", "bob", "ann", *whose, "--config", config)
    assert code == 0
    assert "ann-bob v1 is in use" in out
    code, out, _ = run("train", "bob", "ann", "--from", "x:ann", "--config", config)
    assert "Whose tweets are at x:ann? Write --from ann=x:ann." in sentence((code, out, _), 64)


def test_an_address_in_place_of_a_handle_is_answered_with_the_handle(run: Run, config: Path) -> None:
    for command in ("train", "collect"):
        told = sentence(run(command, "nasa", "--from", "x:https://x.com/nasa", "--config", config), 64)
        assert "is a whole address; write the handle alone, here x:nasa." in told


def test_what_was_left_out_of_a_table_is_said_before_anything_is_learned(
    run: Run, config: Path, tmp_path: Path
) -> None:
    table = tmp_path / "tweets.csv"
    table.write_text("username,text\nann,one two three\nbob,four five six\n")
    code, _, told = run("train", "ann", "--from", table, "--config", config)
    assert code == 65
    assert "Warning: tweets.csv: 1 of its tweets are by others than ann and were left out." in told
    assert "by several people: ann (1) and bob (1)" in sentence(
        run("train", "zed", "--from", table, "--config", config), 65
    )


def test_a_version_that_did_not_pass_is_listed_with_its_reason(run: Run, config: Path, sample_file: Path) -> None:
    run("train", "ann", "--from", sample_file, "--config", config)
    config.write_text(config.read_text().replace("max_near_copies = 1.0", "max_near_copies = 0.0"))
    code, out, _ = run("train", "ann", "--config", config)
    assert code == 0
    assert "ann v2 is ready, but kept out of use" in out
    assert "Not used, because" in out
    _, out, _ = run("models", "--config", config)
    assert [line.split("\t")[:2] for line in out.splitlines()] == [["ann", "v1"], ["ann", "v2"]]
    assert "tweets drawn as a test are nearly a real tweet" in out
    _, out, _ = run("models", "--json", "--config", config)
    assert list(json.loads(out)["rejected"]) == ["v2"]
    _, out, _ = run("evaluate", "ann", "--version", "v2", "--config", config)
    assert "previous version: v1" in out
    assert "why not: Not used, because" in out


def test_a_preview_needs_no_training(run: Run, config: Path, sample_file: Path) -> None:
    arguments = ["generate", "--preview", "ann", "the crew", "-n", 2, "--seed", 5, "--config", config]
    code, out, _ = run(*arguments, "--from", sample_file, "--json")
    assert code == 0
    rows = [json.loads(line) for line in out.splitlines()]
    assert [(row["model"], row["version"]) for row in rows] == [("ann", "preview")] * 2
    assert all(row["text"].startswith("the crew") for row in rows)
    assert not TweetStore(config.parent / "data" / "tweets").tweets("ann"), "nothing is kept of it"
    assert "There are no tweets of ann to begin with" in sentence(run(*arguments), 69)
    assert "--from belongs to --preview" in sentence(run("generate", "ann", "--from", "x", "--config", config), 64)
