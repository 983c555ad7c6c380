"""`python -m benchmarks.results`: benchmarks/RESULTS.md out of the files that the benchmarks leave.

It says for each benchmark when and where it ran, the medians over its runs, how ours compares with the others, and how
far it is from what the machine can do. Knows the forms of those files. Does not measure anything.
"""

import json
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import runs

HERE = Path(__file__).parent
Row = dict[str, Any]
OURS = "huggingtweets"
WORKLOADS = {"a": "5 drafts", "b": "32 for 8 people", "c": "64 for 64 people"}
OPERATIONS = {"original": 6, "full": 6, "adapter": 4}  # for each parameter and token


def document(folder: Path = HERE) -> str:
    """The whole text of RESULTS.md."""
    parts = [
        "# Results\n",
        "`python -m benchmarks.results` makes this page. [README.md](README.md) says what each is.\n",
    ]
    noted = runs.read(folder / runs.RUNS.name)
    for title, file, section in SECTIONS:
        if (folder / file).exists():
            run = noted.get(file, {"date": "not noted", "machine": "not noted"})
            when = f"Day: {run['date']}. Machine: {run['machine']}. Source: [{file}]({file})"
            parts += [f"## {title}\n", f"{when}\n", *section(_read(folder / file))]
    return "\n".join(parts).rstrip() + "\n"


def _read(file: Path) -> Any:
    text = file.read_text(encoding="utf-8")
    return json.loads(text) if file.suffix == ".json" else [json.loads(line) for line in text.split("\n") if line]


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table of Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def generation(results: Row) -> Iterator[str]:
    """Tokens per second of ours and of the others; the speed of memory is the bound of the first workload."""
    for size, model in results["models"].items():
        speeds = model["tokens_per_second"]
        names = sorted({name for of in speeds.values() for name in of}, key=lambda name: (name != OURS, name))
        rows = [[name, *(_number(speeds[load].get(name)) for load in speeds)] for name in names]
        millions = model["parameters"] / 1e6
        yield f"{size}, {millions:.0f}M parameters, medians of {model['rounds']}, tokens per second:\n"
        yield table(["", *(WORKLOADS[load] for load in speeds)], rows)
        for load, of in speeds.items():
            if others := {name: speed for name, speed in of.items() if name != OURS}:
                best = max(others, key=lambda name: others[name])
                yield f"- {WORKLOADS[load]}: {of[OURS] / others[best]:.1f} times the best other one ({best})"
        yield f"- 5 drafts: {model['share_of_bound_a']:.0%} of what reading the weights from memory allows\n"


def training(results: Row) -> Iterator[str]:
    """Seconds, tokens per second and memory; products of matrices are the bound."""
    for size in ("base", "124M"):
        if size not in results:
            continue
        rows = []
        slow = results[size]["original"]
        for name, run in results[size].items():
            speed = run["tokens_per_second"]
            rows.append([
                name, f"{run['seconds']:.1f}", _number(speed), f"{run['peak_mb']:,.0f} MB",
                f"{speed / slow['tokens_per_second']:.1f}", f"{run['peak_mb'] / slow['peak_mb']:.0%}",
            ])  # fmt: skip
        yield f"{size}, medians of {results['rounds']}:\n"
        yield table(["", "seconds", "tokens/s", "memory", "times the original's tokens/s", "of its memory"], rows)
    for name in ("adapter", "full"):
        yield f"- {name}: the original's last held-out loss {results['ratios'][f'{name}_sooner']:.1f} times sooner"
    fastest = max(results["products"].values())
    parameters = 124e6
    for name, run in results.get("124M", {}).items():
        share = run["tokens_per_second"] * parameters * OPERATIONS[name] / fastest
        yield f"- 124M, {name}: {share:.0%} of what products of matrices at {fastest / 1e9:,.0f} GFLOP/s allow"
    yield ""


def latency(results: Row) -> Iterator[str]:
    """How long people wait, without and with a training beside it."""
    kinds = ("without_training", "with_training")
    rows = [[key.replace("_", " "), *(results[kind][key] for kind in kinds)] for key in results[kinds[0]]]
    yield table(["", "without a training", "with one"], rows)
    ratio = results[kinds[1]]["burst_p50"] / results[kinds[0]]["burst_p50"]
    yield f"- {results['at_once']} at once wait {ratio:.2f} times as long while a voice is learned\n"


def api(results: Row) -> Iterator[str]:
    """Tweets a second and processor time a tweet, over HTTP and of the writer alone."""
    speeds, costs = results["tweets_per_second"], results["cpu_ms"]
    yield table(["", "tweets/s", "processor ms a tweet"], [[name, speeds[name], costs[name]] for name in speeds])
    yield f"- Over HTTP it is {results['ratio']:.2f} times as fast as without\n"


def replicas(results: Row) -> Iterator[str]:
    """Drafts a second of replicas of one thread each, and of the engine in one process."""
    figures = results["figures"]
    columns = ("drafts/s", "median s of an answer", "longest", "cores busy")
    keys = ("drafts_a_second", "answer_p50", "answer_max", "cores_busy")
    yield table(["", *columns], [[name, *(row[key] for key in keys)] for name, row in figures.items()])
    speed = {name: row["drafts_a_second"] for name, row in figures.items()}
    one, two, four = (speed[f"{count} replicas"] for count in (1, 2, 4))
    yield f"- One replica has {one / speed['engine, 1 threads']:.2f} times the speed of the engine with one thread"
    yield f"- Two replicas have {two / one:.2f} times the speed of one, four {four / one:.2f} times"
    yield f"- Two replicas have {two / speed['engine, 2 threads']:.2f} times the speed of one engine with two threads\n"


def replies(rows: Sequence[Row]) -> Iterator[str]:
    """Medians over accounts and seeds: the bits a byte of held-out replies, and what contexts cost other tweets."""
    flat = [
        {**row[kind], "voice": f"{row['base']}: {name}"}
        for row in rows
        for kind, name in (("untrained", "untrained"), ("replies", "the voice"))
    ]
    yield _medians(flat, "voice", ("with_context", "without_context", "with_another", "right_is_better"), "runs")
    cost = _median(row["bits"] / row["bits_without_contexts"] - 1 for row in rows)
    yield f"- Tweets out of nothing take {cost:+.1%} bits, compared with a voice that learned no contexts\n"


def fidelity(results: Row) -> Iterator[str]:
    """Medians over the accounts."""
    figures = ("bits_per_byte", "attribution", "near_copies", "distinct_2", "length_divergence")
    yield _medians(results["rows"], "method", figures, "accounts")


def sense(rows: Sequence[Row]) -> Iterator[str]:
    """Medians over the accounts, by method."""
    flat = [
        {"method": f"{row['base']}: {method}", **{key: values[0] for key, values in figures.items()}}
        for row in rows
        for method, figures in row["methods"].items()
    ]
    yield _medians(flat, "method", ("told_apart", "bits_ratio", "near_copies", "distinct_2"), "accounts")


def sampling(rows: Sequence[Row]) -> Iterator[str]:
    """Medians over the voices, by setting."""
    named = [row | {"of": f"{row['base']}: {row['setting']}"} for row in rows]
    yield _medians(named, "of", ("two_sample", "distinct_2", "bits_ratio"), "voices")


def selection(rows: Sequence[Row]) -> Iterator[str]:
    """Medians over the accounts, by the number of candidates."""
    yield _medians(rows, "candidates", ("accuracy", "near_copies", "distinct_2", "characters"), "accounts")


def learning(rows: Sequence[Row]) -> Iterator[str]:
    """Medians over accounts and seeds, and what an adapter costs."""
    yield _medians(rows, "variant", ("bits", "base_bits", "epochs", "seconds"), "runs")
    bits = {
        variant: _median(row["bits"] for row in rows if row["variant"] == variant) for variant in ("full", "adapter")
    }
    yield f"- An adapter has {bits['adapter'] / bits['full'] - 1:+.1%} bits a byte, compared with all weights\n"


def amount(rows: Sequence[Row]) -> Iterator[str]:
    """Medians over the accounts, by the number of tweets."""
    gains = [row | {"gain": 1 - row["bits"] / row["base_bits"]} for row in rows]
    yield _medians(gains, "tweets", ("bits", "base_bits", "gain"), "accounts")


def _medians(rows: Sequence[Row], by: str, figures: Sequence[str], of: str) -> str:
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[by], []).append(row)
    lines = [
        [group, len(members), *(_written(_median(row.get(figure) for row in members)) for figure in figures)]
        for group, members in groups.items()
    ]
    return table([by, of, *(figure.replace("_", " ") for figure in figures)], lines)


def _median(values: Iterable[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return statistics.median(there) if there else None


def _written(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".") or "0"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


SECTIONS: tuple[tuple[str, str, Callable[[Any], Iterator[str]]], ...] = (
    ("Generation", "generation.json", generation),
    ("Latency of the bot", "latency.json", latency),
    ("Training", "training.json", training),
    ("The API", "api.json", api),
    ("Replicas on a cluster", "replicas.json", replicas),
    ("Replies", "replies.jsonl", replies),
    ("Adapter or all weights", "adapter_or_full.jsonl", learning),
    ("How many tweets", "amount.jsonl", amount),
    ("Fidelity", "fidelity.json", fidelity),
    ("Sense", "sense.jsonl", sense),
    ("Temperature, top-k and top-p", "sampling.jsonl", sampling),
    ("Drawing many and keeping the best", "selection.jsonl", selection),
)


if __name__ == "__main__":
    (HERE / "RESULTS.md").write_text(document(), encoding="utf-8")
