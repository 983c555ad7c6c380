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


def test_the_engine_and_a_preview_start_at_once(tiny_base: Path, tmp_path: Path) -> None:
    """As they do when somebody asks for a preview while the bot starts."""
    in_a_fresh_process(
        """
        import asyncio, sys
        from huggingtweets.core.config import Generation, Settings, Training
        from huggingtweets.generation.engine import Engine
        from huggingtweets.generation.preview_model import Previews
        from huggingtweets.model import base
        settings = Settings(training=Training(base=sys.argv[1]), generation=Generation(threads=1, max_new_tokens=40))
        texts = [f"our rover looks at the red dust again today. {number}" for number in range(40)]

        async def main():
            async with Engine(settings.generation) as engine, Previews(settings) as previews:
                engine.warm_up()
                preview = previews.write("ann", texts, count=1)
                loads = [asyncio.to_thread(base.load, sys.argv[1]) for _ in range(2)]
                results = await asyncio.gather(preview, *loads, return_exceptions=True)
                broken = [result for result in results[1:] if isinstance(result, BaseException)]
                assert not broken, broken
                assert not isinstance(results[0], (ImportError, AttributeError)), results[0]

        asyncio.run(main())
        """,
        str(tiny_base),
    )


def test_several_threads_tell_languages_at_once() -> None:
    in_a_fresh_process(
        """
        from huggingtweets.tweets.languages import detected
        def tell():
            assert detected(["The lamp was lit before the fog came in over the water today."] * 9) == ("en",)
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


def test_each_thread_that_draws_has_a_tokenizer_of_its_own(tiny_base: Path) -> None:
    """A tokenizer must not be changed while another thread reads with it."""
    from huggingtweets.model import base
    from huggingtweets.model.tokenizer import encode_all

    loaded = [base.load(str(tiny_base)) for _ in range(2)]
    assert loaded[0].tokenizer is not loaded[1].tokenizer
    with ThreadPoolExecutor(2) as threads:
        texts = ["our rover looks at the red dust"] * 500
        first, second = threads.map(lambda given: encode_all(given.tokenizer, texts), loaded)
    assert [ids.tolist() for ids in first] == [ids.tolist() for ids in second]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
