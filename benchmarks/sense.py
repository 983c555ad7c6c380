"""Do the tweets make sense? Our voices, the original's recipe and Markov chains, held against the person's real tweets.

    python -m benchmarks.sense --tweets FOLDER [--accounts a,b,...] [--base smollm2] [--latest N] [--without-original]

The texts are those of `benchmarks.fidelity`, with the same folder of --work, so an account that was learned there is
not learned again. An account's line is appended to sense.jsonl when it is done, and one that has a line is passed over.
sense.md is made of all lines, also of those of other bases.

Every method's texts are compared with the same held-out tweets, as many of each, in the form in which the product
compares them. "Answers" are what people get: kept out of three drafts each, which is what two cores have time for. The
discriminator that keeps them knows what was learned and, in place of the held-out tweets, older ones that nothing else
knows. "Earlier tweets" are real ones that were learned: what a perfect voice would do, as the subjects change.
"Words in any order" are the real tweets with their words shuffled.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import fidelity
from huggingtweets.core.config.base_folders import EMBEDDED

OUT = Path(__file__).parent / "sense"
METHODS = {
    "earlier": "the person's earlier tweets",
    "ours": "ours, tweets",
    "answers": "ours, tweets kept out of three drafts each",
    "markov": fidelity.METHODS["markov"],
    "markov_raw": fidelity.METHODS["markov_raw"],
    "original": fidelity.METHODS["original"],
    "shuffled": "real tweets, words in any order",
}
COLUMNS: Mapping[str, Callable[[float], str]] = {
    "told_apart": "{:.0%}".format,
    "bits_ratio": "{:.2f}".format,
    "bits_auc": "{:.2f}".format,
    "near_copies": "{:.1%}".format,
    "distinct_2": "{:.2f}".format,
}
HEAD = """# Sense

Made by `python -m benchmarks.sense`, whose head says how.

*Told apart*: the share that a classifier of words and characters, which also knows the judge's bits, puts on the right
side (50 % is perfect). *Bits ratio*: bits per byte under the judge, mean over tweets, over those of the real ones (1 is
perfect; word salad is above, blandness below). *Bits AUC*: how often a drawn tweet takes more bits than a real one (0.5
is perfect). Words and characters favour who copies pieces, so read them beside the near-copies.
"""
CANDIDATES = 3
OLDER = 50  # real tweets that only the discriminator knows; as many as a version shows to its own
SEEDS_AWAY = 9_000  # from the seed of the other drafts
DRAFTS_TO_KNOW = 400  # from which a discriminator learns, as many as a version's own
Row = dict[str, Any]


def answers(account: str, folder: Path, home: Path, base: str, count: int) -> list[str]:
    """`count` tweets that a discriminator kept. It knows no held-out tweet."""
    from dataclasses import replace

    from huggingtweets.evaluation.evaluate import text_losses
    from huggingtweets.evaluation.measure import Subject, drafts_of
    from huggingtweets.generation.checks import CopyCheck
    from huggingtweets.generation.discriminator_fit import fit
    from huggingtweets.generation.selection import selected
    from huggingtweets.generation.writer import Sieve
    from huggingtweets.model.merged import load_version
    from huggingtweets.registry.versions import Registry
    from huggingtweets.tweets.learned.dataset import Dataset

    settings = fidelity.settings_in(home, base)
    registry = Registry(settings.storage.models)
    version = registry.version(account, registry.versions(account)[-1])
    data = Dataset.load(version.dataset)
    older = [text for text in fidelity.usable_tweets(folder, account) if text not in set(data.texts)][-OLDER:]
    bits_of_older = text_losses(load_version(version), older, settings.training.row_tokens).per_byte_of_each
    subject = Subject.of_version(version, data, settings)
    drafts = drafts_of(replace(subject, seed=subject.seed + SEEDS_AWAY), "", DRAFTS_TO_KNOW)
    texts, bits = [draft.text.strip() for draft in drafts], [draft.bits_per_byte for draft in drafts]
    discriminator = fit(data.learned, older, texts, bits_of_older.tolist(), bits)
    sieve = Sieve([CopyCheck(data.texts)], count=CANDIDATES * count)
    sieve.offer_all(drafts_of(replace(subject, seed=subject.seed + 2 * SEEDS_AWAY), "", CANDIDATES * count))
    texts, bits = [one.text for one in sieve.candidates], [one.bits_per_byte for one in sieve.candidates]
    if discriminator is None:
        return texts[:count]
    return [texts[place] for place in selected(discriminator.log_odds(texts, bits), count, seed=1)]


def measured(run: Row, base: str, home: Path) -> Row:
    """The line of one account: every method against the held-out tweets."""
    from huggingtweets.evaluation import sense
    from huggingtweets.evaluation.two_sample import auc, ratio_of_means
    from huggingtweets.registry.versions import Registry
    from huggingtweets.tweets.learned.dataset import Dataset
    from huggingtweets.tweets.style.likeness import distinct_n
    from huggingtweets.tweets.texts.copies import KnownTexts, near_copies

    settings = fidelity.settings_in(home, base)
    registry, account = Registry(settings.storage.models), run["account"]
    data = Dataset.load(registry.version(account, registry.versions(account)[-1]).dataset)
    judge = sense.find_judge(settings.base, settings.storage.models)
    known_texts = KnownTexts(data.texts)
    row_tokens = settings.training.row_tokens
    texts = {**run["texts"], "earlier": data.learned, "shuffled": [_shuffled(text) for text in data.held_out]}
    texts = {method: sense.levelled_texts(texts[method]) for method in METHODS if texts.get(method)}
    held_out = sense.levelled_texts(data.held_out)
    size = min(sense.MAX_TEXTS, len(held_out), *map(len, texts.values()))
    real = sense.sample(held_out, size, judge, row_tokens)
    methods: dict[str, Row] = {}
    began = time.perf_counter()
    for method, written in texts.items():
        drawn = sense.sample(written, size, judge, row_tokens)
        figures = {"told_apart": sense.told_apart(real, drawn)}
        if real.bits is not None and drawn.bits is not None:
            figures |= {"bits_ratio": ratio_of_means(real.bits, drawn.bits), "bits_auc": auc(real.bits, drawn.bits)}
        methods[method] = {key: [figure.value, figure.low, figure.high] for key, figure in figures.items()}
        if method not in ("earlier", "shuffled"):
            methods[method]["near_copies"] = [near_copies(run["texts"][method], known_texts) / len(written)]
        methods[method]["distinct_2"] = [distinct_n(written, 2)]
    return {
        "account": account,
        "base": base,
        "judge": judge.id if judge else "",
        "tweets": size,
        "learned": len(data.learned),
        "bits_per_byte": run["bits_per_byte"]["ours"],
        "seconds_a_method": round((time.perf_counter() - began) / len(texts), 1),
        "methods": methods,
    }


def _shuffled(text: str) -> str:
    words = text.split()
    return " ".join(random.Random(text).sample(words, len(words)))


def document(rows: Sequence[Row]) -> str:
    """sense.md: for each base the means over accounts, and every account's figures with their intervals."""
    bases = sorted({row["base"] for row in rows})
    return HEAD + "".join(_of_base(base, [row for row in rows if row["base"] == base]) for base in bases)


def _of_base(base: str, rows: Sequence[Row]) -> str:
    names, tweets = ", ".join(row["account"] for row in rows), min(row["tweets"] for row in rows)
    return f"""
## Voices on {base}, judged by {rows[0]["judge"] or "nobody"}

Means over {len(rows)} accounts ({names}), {tweets} tweets of each kind or more:

{table(rows)}

Each account, with 95 % intervals:

{per_account(rows)}
"""


def table(rows: Sequence[Row]) -> str:
    """The means over accounts, a line for each method."""
    lines = [_line("", *(column.replace("_", " ") for column in COLUMNS)), f"|{'---|' * (len(COLUMNS) + 1)}"]
    for method, title in METHODS.items():
        figures = [row["methods"][method] for row in rows if method in row["methods"]]
        if not figures:
            continue
        cells = []
        for column, form in COLUMNS.items():
            values = [of_one[column][0] for of_one in figures if column in of_one]
            cells.append(form(sum(values) / len(values)) if values else "")
        few = f" ({len(figures)} accounts)" if len(figures) < len(rows) else ""
        lines.append(_line(title + few, *cells))
    return "\n".join(lines)


def per_account(rows: Sequence[Row]) -> str:
    """A line for each account and method."""
    columns = ("told_apart", "bits_ratio", "bits_auc")
    lines = [_line("account", "", *(column.replace("_", " ") for column in columns)), f"|{'---|' * 5}"]
    for row in rows:
        for method, title in METHODS.items():
            if figures := row["methods"].get(method):
                cells = [_with_interval(figures.get(column), COLUMNS[column]) for column in columns]
                lines.append(_line(row["account"], title, *cells))
    return "\n".join(lines)


def _with_interval(figure: Sequence[float] | None, form: Callable[[float], str]) -> str:
    if figure is None:
        return ""
    value, low, high = map(form, figure)
    return f"{value} ({low} to {high})"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure the accounts that have no line yet, and write the tables after each."""
    from huggingtweets.evaluation import sense
    from huggingtweets.model import base as bases

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tweets", type=Path, required=True, help="a folder with one file of tweets an account")
    parser.add_argument("--accounts", help="which of them, separated by commas; all by default")
    parser.add_argument("--base", default=EMBEDDED, help="the base of our voices")
    parser.add_argument("--latest", type=int, default=1_000, help="usable tweets of an account, the latest ones")
    parser.add_argument("--drafts", type=int, default=fidelity.DRAFTS, help="texts of each method")
    parser.add_argument("--without-original", action="store_true", help="leave out the original's recipe")
    parser.add_argument("--epochs", type=int, default=0, help="passes over the tweets, at most; 0 as usual")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "fidelity")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    every = sorted(path.stem.lower() for path in options.tweets.iterdir())
    accounts = options.accounts.lower().split(",") if options.accounts else every
    home = options.work / bases.fingerprint(fidelity.settings_in(options.work, options.base).base)
    lines = options.out.with_suffix(".jsonl")
    home.mkdir(parents=True, exist_ok=True)
    for account in accounts:
        rows = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
        if (account, options.base) not in {(row["account"], row["base"]) for row in rows}:
            path, collected = home / f"{account}.json", home / f"{account}.collected"
            if not collected.exists():
                fidelity.collect(options.tweets, [account], options.latest, home)
                collected.touch()
            if not path.exists():
                run = fidelity.learned(
                    account,
                    home,
                    options.base,
                    with_original=not options.without_original,
                    count=options.drafts,
                    epochs=options.epochs,
                )
                run["texts"]["answers"] = answers(account, options.tweets, home, options.base, sense.MAX_TEXTS)
                path.write_text(json.dumps(run))
            rows.append(measured(json.loads(path.read_text()), options.base, home))
            with lines.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
        options.out.with_suffix(".md").write_text(document(rows))
    print(table([row for row in rows if row["base"] == options.base]), flush=True)


if __name__ == "__main__":
    main()
