"""Figures for Prometheus: every outcome is counted, and a database that is away hides no other figure."""

import asyncio
import contextlib
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.core.errors import Paused, StoreUnavailable
from bot.core.process.measures import LAG_SECONDS, Drawing, Measures, Stored
from huggingtweets.core.errors import Busy, NotEnoughDrafts, Usage


async def figures(measures: Measures) -> dict[str, float]:
    families = text_string_to_metric_families((await measures.text()).decode())
    return {
        "/".join([sample.name.removeprefix("huggingtweets_"), *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (None, "answered"),
        (Busy(1), "busy"),
        (Paused(9), "too_often"),
        (Usage("no"), "refused"),
        (NotEnoughDrafts("ann", {}), "failed"),
        (KeyError(), "failed"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
async def test_an_ask_is_counted_by_what_became_of_it(error: BaseException | None, outcome: str) -> None:
    measures = Measures()
    with contextlib.suppress(BaseException), measures.answer():
        if error:
            raise error
    now = await figures(measures)
    counts = {key: value for key, value in now.items() if key.startswith("answers_total")}
    assert counts == {f"answers_total/{outcome}": 1}
    assert now["answer_seconds_count"] == (1 if outcome == "answered" else 0)


async def test_what_the_parts_say_is_read_when_somebody_reads() -> None:
    stored, drawing = Stored({"done": 2}, {"sent": 3, "queued": 1}, {"post": 15_000}), Drawing(4, 2, 9_000_000)

    async def now() -> Stored:
        return stored

    measures = Measures(stored=now, drawing=lambda: drawing)
    first = await figures(measures)
    assert first["trainings/done"] == 2
    assert first["posts/sent"] == 3
    assert first["month_costs_usd/post"] == 0.015
    assert (first["queue_requests"], first["voices_in_memory"], first["voices_in_memory_bytes"]) == (4, 2, 9_000_000)
    assert (first["engine_up"], first["database_up"]) == (1, 1)
    stored, drawing = Stored(), Drawing(works=False)
    second = await figures(measures)
    assert not [key for key in second if key.startswith(("posts", "trainings", "month"))]
    assert second["engine_up"] == 0


@pytest.mark.parametrize("hangs", [True, False])
async def test_a_database_that_is_away_hides_no_other_figure(hangs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.core.process.measures.READ_SECONDS", 0.05)

    async def away() -> Stored:
        if hangs:
            await asyncio.sleep(60)
        raise StoreUnavailable("gone")

    now = await figures(Measures(stored=away))
    assert (now["database_up"], now["engine_up"]) == (0, 1)


async def test_a_loop_that_is_held_up_shows() -> None:
    measures = Measures()
    watching = asyncio.create_task(measures.watch_the_loop())
    await asyncio.sleep(LAG_SECONDS / 2)
    time.sleep(LAG_SECONDS)  # noqa: ASYNC251  somebody blocks
    await asyncio.sleep(LAG_SECONDS / 10)
    watching.cancel()
    assert (await figures(measures))["loop_lag_seconds_sum"] >= LAG_SECONDS / 4
