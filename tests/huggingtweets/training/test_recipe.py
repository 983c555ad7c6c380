"""What the settings leave open is chosen by the size of the base; what they say is kept."""

import pytest

from huggingtweets.core.config.settings import TrainingSettings
from huggingtweets.training.recipe import SMALL_BASE, Schedule, batch_tokens_for, for_base, schedule_for

EMBEDDED, SMOLLM2 = 9_064_448, 134_515_008


def test_a_small_base_learns_its_words_too_in_several_passes() -> None:
    chosen = for_base(TrainingSettings(), EMBEDDED)
    assert (chosen.lora_rank, chosen.lora_embedding_rank, chosen.max_epochs) == (64, 64, 3)
    assert (chosen.lora_layers, chosen.lora_learning_rate, chosen.lora_b_rate) == ("all", 8e-4, 4.0)


def test_a_larger_base_keeps_its_words_and_learns_in_small_steps() -> None:
    chosen = for_base(TrainingSettings(), SMOLLM2)
    assert (chosen.lora_layers, chosen.lora_rank, chosen.lora_embedding_rank) == ("feed-forward", 16, 0)
    assert chosen.max_tokens < for_base(TrainingSettings(), EMBEDDED).max_tokens
    late = [schedule_for(parameters).rate(70, 100) for parameters in (EMBEDDED, SMOLLM2)]
    assert late == [pytest.approx(0.246, abs=0.001), 1.0], "each tweet is learned once, and the late ones count"


@pytest.mark.parametrize("parameters", [SMALL_BASE - 1, SMALL_BASE])
def test_what_the_settings_say_is_kept(parameters: int) -> None:
    said = {
        "max_epochs": 7,
        "max_tokens": 900,
        "lora_layers": "all",
        "lora_rank": 3,
        "lora_embedding_rank": 0,
        "lora_learning_rate": 2e-3,
        "lora_b_rate": 1.5,
    }
    chosen = for_base(TrainingSettings.model_validate(said), parameters)
    assert {key: getattr(chosen, key) for key in said} == said
    assert for_base(chosen, parameters) == chosen


@pytest.mark.parametrize(
    ("parameters", "expected"), [(EMBEDDED, [256, 256, 512, 1024, 1024]), (SMOLLM2, [128, 128, 256, 256, 256])]
)
def test_a_step_follows_the_amount_of_data_unless_it_is_set(parameters: int, expected: list[int]) -> None:
    tokens = (0, 2_500, 30_000, 60_000, 1_000_000)
    assert [batch_tokens_for(TrainingSettings(), count, parameters) for count in tokens] == expected
    assert batch_tokens_for(TrainingSettings(batch_tokens=300), 30_000, parameters) == 300


@pytest.mark.parametrize("total", [100, 5, 1])
@pytest.mark.parametrize("schedule", [Schedule(0.0, 0.05), Schedule(0.8, 0.3)])
def test_the_learning_rate_rises_and_falls_to_its_floor(total: int, schedule: Schedule) -> None:
    rates = [schedule.rate(step, total) for step in range(total)]
    assert all(0 < value <= 1 for value in rates)
    if total == 100:
        top = max(range(total), key=rates.__getitem__)
        assert 5 <= top <= 12
        assert rates[top:] == sorted(rates[top:], reverse=True)
        assert rates[top + 1] == pytest.approx(1.0, abs=0.05)
        assert rates[-1] == pytest.approx(schedule.floor, abs=0.01)
