"""How like the person are the tweets? Our voices, the original's recipe, Markov chains, the bare base, an n-gram model.

    python -m benchmarks.fidelity --tweets FOLDER [--accounts a,b,...] [--latest N]

Every method learns from the same tweets of an account (the latest N usable ones, near-copies once) and is judged on the
same later tweets. `FOLDER` holds one file of tweets for each account. Each method writes 200 texts without a prompt.
Ours are counted twice: as drafts, before any check, and as tweets, which is what people get. A classifier that was
fitted on the learned tweets of all accounts says whose each text is. The first row is its answer for the real held-out
tweets.

The n-gram model is Witten-Bell over bytes. Its order, 3 to 8, is the best one on the held-out tweets, which is in its
favour. Results are kept in the folder of --work, so a run that was stopped goes on. The samples are of the fictional
account that comes with the repository. Samples of real people are not printed.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.ngram import WittenBell
from huggingtweets.core.config.base_folders import EMBEDDED
from huggingtweets.core.people.names import VoiceName

HERE = Path(__file__).parent
DRAFTS = 200
ORDERS = range(3, 9)
ORIGINAL_TOKENS = 160
SAMPLES = 6
METHODS = {
    "real": "real held-out tweets",
    "ours": "ours, tweets",
    "drafts": "ours, drafts before any check",
    "original": "the original's recipe and sampling",
    "markov": "Markov chain (markovify), filtered",
    "markov_raw": "Markov chain (markovify), unfiltered",
    "base": "the base, untrained",
    "ngram": "byte n-grams, Witten-Bell",
}
Texts = Sequence[str]


def settings_in(home: Path, base: str = EMBEDDED, drafts: int = DRAFTS, epochs: int = 0) -> Any:
    """The defaults, with state in `home`, for voices on `base` that are measured by so many drafts."""
    from huggingtweets.core.config.settings import GateSettings, Settings, StorageSettings, TrainingSettings

    storage = StorageSettings(models=home / "models", data=home / "data")
    return Settings(
        storage=storage, training=TrainingSettings(base=base, max_epochs=epochs), gate=GateSettings(drafts=drafts)
    )


def usable_tweets(folder: Path, account: str) -> list[str]:
    """The texts that can be learned from the account's file in `folder`, the earliest first, near-copies once."""
    from huggingtweets.sources import read
    from huggingtweets.tweets.learned.clean import clean_all
    from huggingtweets.tweets.texts.copies import without_near_copies

    (path,) = (path for path in folder.iterdir() if path.stem.lower() == account)
    texts = [tweet.text for tweet in clean_all(sorted(read(path).tweets, key=lambda tweet: tweet.created_at))[0]]
    return [texts[place] for place in without_near_copies(texts)]


def collect(folder: Path, accounts: Texts, latest: int, home: Path) -> None:
    """Put the latest usable tweets of each account into the store."""
    from huggingtweets.core.records import Collected
    from huggingtweets.sources import read
    from huggingtweets.sources.sample import collect_sample
    from huggingtweets.tweets.kept.tweet_store import TweetStore
    from huggingtweets.tweets.learned.clean import clean_all

    store = TweetStore(settings_in(home).tweets)
    collect_sample(store)
    for account in accounts:
        (path,) = (path for path in folder.iterdir() if path.stem.lower() == account)
        tweets = sorted(read(path).tweets, key=lambda tweet: tweet.created_at)
        usable = {tweet.id for tweet in clean_all(tweets)[0][-latest:]}
        store.forget(account)
        store.lift(account)
        store.merge(account, Collected(None, tuple(tweet for tweet in tweets if tweet.id in usable)))


def learned(
    account: str,
    home: Path,
    base_name: str = EMBEDDED,
    *,
    with_original: bool = True,
    count: int = DRAFTS,
    epochs: int = 0,
) -> dict[str, Any]:
    """`count` texts of every method, and its bits per byte, for one account. The original's recipe takes the longest.

    A voice that was learned before this was stopped is not learned again.
    """
    from huggingtweets.evaluation.evaluate import passing, text_losses
    from huggingtweets.evaluation.measure import Subject, drafts_of
    from huggingtweets.generation.engine.decode import Sampling, decode
    from huggingtweets.model import base as bases
    from huggingtweets.registry.versions import Registry
    from huggingtweets.tweets.learned.dataset import Dataset
    from huggingtweets.workflow import pipeline

    settings = settings_in(home, base_name, count, epochs)
    registry = Registry(settings.storage.models)
    if not registry.versions(account):
        pipeline.run(VoiceName(account), [], settings)
    version = registry.version(account, registry.versions(account)[-1])
    report, verdict = version.manifest.measured, version.manifest.verdict
    data = Dataset.load(version.dataset)
    drafts = drafts_of(Subject.of_version(version, data, settings), "", count)
    base, row_tokens = bases.load(settings.base), settings.training.row_tokens
    bare = Subject.of(account, lambda: base, settings.base, data, settings.training.seed, settings)
    untrained = [draft.text for draft in drafts_of(bare, "", count)]
    bits = {"ours": report.held_out_bits_per_byte, "base": report.base_held_out_bits_per_byte}
    theirs, seconds = [], 0.0
    if with_original:
        from benchmarks.original import learn

        seconds, _ = learn(base, data.learned)
        bits["original"] = text_losses(base, data.held_out, row_tokens).per_byte
        theirs = decode(base, "", count, Sampling(1.0, 50, 0.95, min(ORIGINAL_TOKENS, base.context - 1)), 1)
    grams = WittenBell(data.learned, max(ORDERS))
    bits["ngram"] = min(grams.bits_per_byte(data.held_out, order) for order in ORDERS)
    texts: dict[str, Texts] = {
        "real": data.held_out,
        "ours": passing(data, drafts),
        "drafts": [draft.text for draft in drafts],
        "original": [" ".join(draft.text.strip().split("\n")[0].split()) for draft in theirs],
        "markov": markov(data.learned, count, filtered=True),
        "markov_raw": markov(data.learned, count, filtered=False),
        "base": [text.strip().split("\n")[0] for text in untrained],
    }
    return {
        "account": account,
        "learned": len(data.learned),
        "held_out": len(data.held_out),
        "passed_the_gate": verdict.passed,
        "why_not": verdict.why_not,
        "seconds": {"ours": version.manifest.training.seconds, "original": round(seconds, 1)},
        "bits_per_byte": bits,
        "texts": {method: list(some) for method, some in texts.items()},
    }


def markov(texts: Texts, count: int, *, filtered: bool) -> list[str]:
    """`count` sentences of markovify's chain over two words. Its filter refuses sentences too much like a tweet."""
    import random

    import markovify

    random.seed(1)
    chain = markovify.NewlineText("\n".join(texts), state_size=2, well_formed=False)
    made = (chain.make_sentence(tries=50, test_output=filtered) for _ in range(count * 3))
    return [text for text in made if text][:count]


def judged(runs: Sequence[dict[str, Any]], home: Path) -> list[dict[str, Any]]:
    """One row for each method and account: whose it is taken for, what it copies, how like the person it is."""
    from huggingtweets.evaluation.attribution import Attribution
    from huggingtweets.evaluation.neighbours import neighbours
    from huggingtweets.registry.versions import Registry
    from huggingtweets.tweets.learned.dataset import Dataset
    from huggingtweets.tweets.style.likeness import distinct_n, divergence, emoji_profile, length_profile
    from huggingtweets.tweets.texts.copies import KnownTexts, exact_copies, near_copies, short_repeats

    registry = Registry(settings_in(home).storage.models)
    data = {
        run["account"]: Dataset.load(registry.version(run["account"], registry.versions(run["account"])[-1]).dataset)
        for run in runs
    }
    # The classifier may choose any account in the store, also one that was not learned yet.
    known_here = dict(neighbours(VoiceName(""), settings_in(home)))
    attribution = Attribution(known_here | {account: of_one.learned for account, of_one in data.items()})
    rows = []
    for run in runs:
        of_one = data[run["account"]]
        known, known_real = KnownTexts(of_one.texts), KnownTexts(of_one.learned)
        for method in METHODS:
            texts = run["texts"].get(method, [])
            row = {"account": run["account"], "method": method, "texts": len(texts)}
            row["bits_per_byte"] = run["bits_per_byte"].get(method)
            if texts:
                row |= {
                    "attribution": attribution.share(texts, [run["account"]]),
                    "exact_copies": exact_copies(texts, known_real if method == "real" else known) / len(texts),
                    "near_copies": near_copies(texts, known_real if method == "real" else known) / len(texts),
                    "short_repeats": short_repeats(texts, known_real if method == "real" else known) / len(texts),
                    "distinct_2": distinct_n(texts, 2),
                    "length_divergence": divergence(length_profile(texts), length_profile(of_one.learned)),
                    "emoji_divergence": divergence(emoji_profile(texts), emoji_profile(of_one.learned)),
                }
            rows.append(row)
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The means over all accounts, one line for each method."""
    columns: dict[str, Callable[[float], str]] = {
        "attribution": "{:.1%}".format,
        "exact_copies": "{:.2%}".format,
        "near_copies": "{:.2%}".format,
        "short_repeats": "{:.2%}".format,
        "bits_per_byte": "{:.3f}".format,
        "distinct_2": "{:.2f}".format,
        "length_divergence": "{:.3f}".format,
        "emoji_divergence": "{:.3f}".format,
    }
    real = _mean(rows, "real", "attribution")
    lines = [
        f"| | attributed | of real | {' | '.join(column.replace('_', ' ') for column in [*columns][1:])} |",
        f"|{'---|' * (len(columns) + 2)}",
    ]
    for method, title in METHODS.items():
        means = {column: _mean(rows, method, column) for column in columns}
        cells = [columns[column](mean) if mean is not None else "" for column, mean in means.items()]
        share = means["attribution"] / real if means["attribution"] is not None and real else None
        cells.insert(1, f"{share:.0%}" if share is not None else "")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def per_account(rows: Sequence[dict[str, Any]], runs: Sequence[dict[str, Any]]) -> str:
    """One line for each account: losses, and how our tweets compare with the real ones."""
    head = "account | learned | held out | base | n-grams | original | ours | below base | below n-grams | "
    head += "real attributed | ours attributed | drafts exact / near | gate"
    lines = [f"| {head} |", f"|{'---|' * 13}"]
    for run in runs:
        bits = run["bits_per_byte"]
        of = {row["method"]: row for row in rows if row["account"] == run["account"]}
        lines.append(
            f"| {run['account']} | {run['learned']:,} | {run['held_out']} | {bits['base']:.3f} | {bits['ngram']:.3f} | "
            f"{_figure(bits.get('original'))} | {bits['ours']:.3f} | {1 - bits['ours'] / bits['base']:.1%} | "
            f"{1 - bits['ours'] / bits['ngram']:.1%} | {of['real']['attribution']:.1%} | "
            f"{of['ours']['attribution']:.1%} | "
            f"{of['drafts']['exact_copies']:.1%} / {of['drafts']['near_copies']:.1%} | "
            f"{'passed' if run['passed_the_gate'] else 'not passed'} |"
        )
    return "\n".join(lines)


def samples(run: dict[str, Any]) -> str:
    """The first texts of each method, side by side."""
    lines = []
    for method, title in METHODS.items():
        if run["texts"].get(method):
            lines += [f"**{title}**", "", *(f"- {_escaped(text)}" for text in run["texts"][method][:SAMPLES]), ""]
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _share(part: float | None, whole: float | None) -> str:
    """In percent. Empty if there is no whole: a miniature's accounts are one person's, and none may be recognised."""
    return f"{part / whole:.1%}" if part is not None and whole else ""


def _escaped(text: str) -> str:
    return "".join(f"\\{char}" if char in "\\`*_{}[]<>#|!" else char for char in text[:280])


def _mean(rows: Sequence[dict[str, Any]], method: str, column: str) -> float | None:
    found = [row[column] for row in rows if row["method"] == method and row.get(column) is not None]
    return sum(found) / len(found) if found else None


def main() -> None:
    """Run what is missing, and write the tables after each account."""
    from huggingtweets.model import base as bases
    from huggingtweets.sources.sample import sample_account

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tweets", type=Path, required=True, help="a folder with one file of tweets an account")
    parser.add_argument("--accounts", help="which of them, separated by commas; all by default")
    parser.add_argument("--latest", type=int, default=2_000, help="usable tweets of an account, the latest ones")
    parser.add_argument("--drafts", type=int, default=DRAFTS, help="texts of each method")
    parser.add_argument(
        "--without-original", action="store_true", help="leave out the original's recipe: half the time"
    )
    parser.add_argument("--epochs", type=int, default=0, help="passes over the tweets, at most; 0 as usual")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "fidelity")
    parser.add_argument("--out", type=Path, default=HERE / "fidelity")
    options = parser.parse_args()
    every = sorted(path.stem.lower() for path in options.tweets.iterdir())
    accounts = options.accounts.lower().split(",") if options.accounts else every
    fictional = sample_account().handle
    base = bases.fingerprint("models/base")
    home = options.work / base
    if not (home / "collected").exists():
        home.mkdir(parents=True, exist_ok=True)
        collect(options.tweets, every if len(every) < 12 else accounts, options.latest, home)
        (home / "collected").touch()
    runs: list[dict[str, Any]] = []
    for account in [fictional, *accounts]:
        path = home / f"{account}.json"
        if not path.exists():
            run = learned(
                account,
                home,
                with_original=not options.without_original,
                count=options.drafts,
                epochs=options.epochs,
            )
            path.write_text(json.dumps(run))
            print(f"{account}: {run['bits_per_byte']}", flush=True)
        runs.append(json.loads(path.read_text()))
        if len(runs) > 2:  # the classifier needs two accounts
            write(options.out, runs[1:], runs[0], base, options.latest, options.drafts, home)


def write(
    out: Path, runs: Sequence[dict[str, Any]], fictional: dict[str, Any], base: str, latest: int, count: int, home: Path
) -> None:
    """fidelity.json and fidelity.md of the accounts that are done."""
    from huggingtweets.tweets.kept.tweet_store import TweetStore

    rows = judged(runs, home)
    facts = {"base": base, "latest": latest, "drafts": count, "rows": rows}
    out.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n")
    means = {method: _mean(rows, method, "bits_per_byte") for method in METHODS}
    attributed = {method: _mean(rows, method, "attribution") for method in METHODS}
    compared = sum("original" in run["bits_per_byte"] for run in runs)
    note = f"; the original's recipe on {compared} of them" if compared < len(runs) else ""
    choices = len({run["account"] for run in runs} | set(TweetStore(settings_in(home).tweets).handles()))
    text = f"""# Fidelity

Made by `python -m benchmarks.fidelity`, whose head says how; base `{base}`, {len(runs)} accounts of at most
{latest:,} usable tweets, {count} texts of each method. Means over accounts{note}.

{table(rows)}

*Attributed*: the share that the classifier gives to the right one of {choices} accounts, and that over the same of real
tweets. *Copies*: of texts of five words or more, from a single tweet; *short repeats*: shorter texts that are a tweet,
such as a thank-you. *Lengths*, *emoji*: Jensen-Shannon divergence from the learned tweets, in bits.

| wanted | measured |
|---|---|
| our tweets are attributed at least 90 % as often as real ones | {_share(attributed["ours"], attributed["real"])} |
| no exact copies among the drafts, at most 1 % near-copies | {_mean(rows, "drafts", "exact_copies"):.2%}, \
{_mean(rows, "drafts", "near_copies"):.2%} |
| bits per byte at least 15 % below the base's | {1 - means["ours"] / means["base"]:.1%} |
| bits per byte at least 25 % below the n-gram model's | {1 - means["ours"] / means["ngram"]:.1%} |

## By account

{per_account(rows, runs)}

## Samples

Of @{fictional["account"]}, a fictional account. Unchecked but for "ours, tweets", which is what the bot would answer.

{samples(fictional)}"""
    out.with_suffix(".md").write_text(text.rstrip() + "\n")
    print(table(rows), flush=True)


if __name__ == "__main__":
    main()
