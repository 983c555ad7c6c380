"""A whole training on a GPU: 3,200 tweets and a model of GPT-2's size, from the file to the version in use.

    python -m benchmarks.voice_gpu FILE [--tweets 3200] [--card-tflops 989]

FILE holds an account's tweets. If there are fewer than --tweets, they are repeated with a number in each, so that none
is a near-copy. The base has GPT-2's shape and random weights, which take the same time as trained ones. The fastest
that a training could be is 4 floating-point operations for each parameter and token, because only an adapter learns, at
the card's bf16 peak. Prints JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from transformers import GPT2Config, GPT2LMHeadModel

from huggingtweets.model import base as bases
from huggingtweets.model.tokenizer import save_tokenizer
from huggingtweets.sources import read


def write_tweets(source: Path, count: int, out: Path) -> None:
    """`count` tweets of `source`, oldest first."""
    tweets = [tweet for tweet in read(source).tweets if not tweet.is_retweet]
    rows = []
    for number in range(count):
        tweet, again = tweets[number % len(tweets)], number // len(tweets)
        text = f"{tweet.text} {number}" if again else tweet.text
        rows.append({"id": str(number), "text": text, "created_at": f"2020-01-01T00:{number // 60 % 60:02}:00Z"})
    out.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_base(out: Path) -> int:
    """Write a model of GPT-2's shape with the embedded tokenizer. Returns its number of parameters."""
    embedded = bases.load("models/base")
    end = embedded.end_of_text
    model = GPT2LMHeadModel(GPT2Config(bos_token_id=end, eos_token_id=end))
    model.save_pretrained(out)
    save_tokenizer(embedded.tokenizer, out, model.config.n_positions)
    return model.num_parameters()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--tweets", type=int, default=3200)
    parser.add_argument("--card-tflops", type=float, default=989.0, help="bf16 peak; an H100's and H200's is 989")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_tweets(options.source, options.tweets, home / "tweets.jsonl")
        parameters = write_base(home / "base")
        (home / "config.toml").write_text("")
        call = [sys.executable, "-m", "huggingtweets", "train", "bench", "--from", str(home / "tweets.jsonl")]
        call += ["--base", str(home / "base"), "--config", str(home / "config.toml"), "--json"]
        began = time.perf_counter()
        done = subprocess.run(call, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - began
        manifest = json.loads(next((home / "models/bench").glob("v*/manifest.json")).read_text())
    trained = manifest["training"]
    bound = 4 * parameters * trained["tokens"] / (options.card_tflops * 1e12)
    outcome = json.loads(done.stdout.splitlines()[-1])
    result = {
        "whole_process_seconds": round(seconds, 2),
        "training_seconds": trained["seconds"],
        "training_tokens": trained["tokens"],
        "training_bound_seconds": round(bound, 3),
        "in_use": outcome["in_use"],
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
