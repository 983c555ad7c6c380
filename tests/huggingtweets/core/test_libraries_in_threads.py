"""Libraries that the bot calls from more than one thread: each is called from several at once here.

A fresh process each, where it matters what is imported or loaded first.
"""

import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from huggingtweets.pictures.render import PicturedPerson, predictions

AT_ONCE = """
import threading
def at_once(*calls):
    gate, failures = threading.Barrier(len(calls)), []
    def run(call):
        gate.wait()
        try:
            call()
        except BaseException as error:
            failures.append(f"{type(error).__name__}: {error}")
    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert not failures, failures
"""


def in_a_fresh_process(script: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE + textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]


def test_several_threads_load_a_base_at_once_and_again_later(tiny_base: Path) -> None:
    in_a_fresh_process(
        """
        import sys
        from huggingtweets.model import base
        load = lambda: base.load(sys.argv[1])
        at_once(load, load, load, lambda: base.fingerprint(sys.argv[1]))
        at_once(load, load)
        load()
        """,
        str(tiny_base),
    )


def test_the_engine_starts_while_others_load_a_base(tiny_base: Path) -> None:
    """As it does when somebody asks for a preview while the bot starts."""
    in_a_fresh_process(
        """
        import asyncio, sys
        from huggingtweets.core.config.settings import GenerationSettings
        from huggingtweets.generation.engine import Engine, Request
        from huggingtweets.generation.engine.preview_voice import preview_voice
        from huggingtweets.model import base
        texts = [f"our rover looks at the red dust again today. {number}" for number in range(40)]

        async def main():
            async with Engine(GenerationSettings(threads=1, max_new_tokens=40)) as engine:
                preview = engine.draw(Request(preview_voice("ann", texts, sys.argv[1]), "", 1, seed=1))
                loads = [asyncio.to_thread(base.load, sys.argv[1]) for _ in range(2)]
                await asyncio.gather(preview, *loads)

        asyncio.run(main())
        """,
        str(tiny_base),
    )


def test_several_threads_tell_languages_at_once() -> None:
    in_a_fresh_process(
        """
        from huggingtweets.tweets.style.languages import detected
        def tell():
            assert detected(["The lamp was lit before the fog came in over the water today."] * 9) == {"en": 1.0}
        at_once(tell, tell, tell, tell)
        """
    )


def test_several_threads_draw_pictures_at_once() -> None:
    def picture(number: int) -> bytes:
        return predictions([PicturedPerson("ann", "Ann 🚀")], "", [f"tweet {number} with 🚀 and 漢字"])

    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(picture, [1, 2, 3, 4] * 2))
    assert together[:4] == together[4:]
    assert together[0] == picture(1)
    assert len(set(together)) == 4


def test_several_threads_read_with_one_tokenizer_at_once(tiny_base: Path) -> None:
    """As the engine's two threads do: one reads prompts, the other the texts of a preview."""
    from huggingtweets.model import base
    from huggingtweets.model.tokenizer import encode_all

    loaded = base.load(str(tiny_base))
    texts = ["our rover looks at the red dust<|endoftext|>"] * 500
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda _: encode_all(loaded.tokenizer, texts), range(40)))
    assert {tuple(ids) for result in results for ids in map(tuple, result)} == {tuple(results[0][0])}


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
