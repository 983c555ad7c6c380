"""The original's recipe: transformers' Trainer, all weights, fp32, a block in each step, four passes, cosine to 0."""

import tempfile
import time
from collections.abc import Sequence

import torch
from transformers import AutoConfig, AutoModelForCausalLM, Trainer, TrainingArguments

from huggingtweets.model import checkpoint
from huggingtweets.model.base import Base
from huggingtweets.model.tokenizer import encode_all

LEARNING_RATE, PASSES, BLOCK = 1.372e-4, 4, 1024


def learn(base: Base, texts: Sequence[str], max_steps: int = -1) -> tuple[float, int]:
    """Train `base` in place on `texts`, joined by end-of-text. Returns the seconds, and the tokens learned from."""
    flat = [base.end_of_text]
    for tokens in encode_all(base.tokenizer, texts):
        flat += [*tokens.tolist(), base.end_of_text]
    block = min(BLOCK, base.context)
    blocks = [flat[start : start + block] for start in range(0, len(flat) - block + 1, block)]
    rows = [{"input_ids": torch.tensor(row), "labels": torch.tensor(row)} for row in blocks]
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**base.model.description.config))
    model.load_state_dict(dict(checkpoint.tensors(base.model)), strict=False)  # a tied head is not in it
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="cosine",
            num_train_epochs=PASSES,
            max_steps=max_steps,
            per_device_train_batch_size=1,
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=not torch.cuda.is_available(),
        )
        trainer = Trainer(model=model, args=arguments, train_dataset=rows)
        began = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - began
    checkpoint.restore(base.model, model.cpu().state_dict())
    return seconds, trainer.state.global_step * block
