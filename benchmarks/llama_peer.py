"""llama.cpp as a contender: a merged voice as a GGUF file, and drafts of one person drawn in one batch.

The batch is made as llama.cpp's own example `batched` makes it: the prompt is read once, its cache is shared by all
drafts, and each step computes one token of each draft. The matrices are q4_0 or q8_0. The table of tokens is q8_0, as
in the file that the base comes from. That file gives the tokenizer and the sizes.

Knows GGUF and llama.cpp's functions. Does not know workloads, rounds or other libraries.
"""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter
from numpy.typing import NDArray

from benchmarks.peers import SAMPLING, Copies, Request, Voices, by_person
from huggingtweets.model.families import describe
from huggingtweets.model.gguf_file.tensors import our_name
from huggingtweets.model.named_bases import NAMED_BASES

MOST_ROWS = 8  # drafts of one person at once
PLACES = 1024  # in the cache, for all of them together
OF_THE_FILE = ("general.architecture", "general.file_type", "general.quantization_version")  # written anew


def write_gguf(source: Path, voice: Path, to: Path, kind: GGMLQuantizationType) -> None:
    """Write the weights in the folder `voice` to the file `to`, with everything else from the GGUF file `source`."""
    reader, writer = GGUFReader(source), GGUFWriter(to, "llama")
    for name, value in reader.fields.items():
        if not name.startswith("GGUF.") and name not in OF_THE_FILE:
            sort = value.types[0]
            writer.add_key_value(name, value.contents(), sort, value.types[-1] if len(value.types) > 1 else None)
    for tensor in reader.tensors:
        place = GGMLQuantizationType.Q8_0 if tensor.name == "token_embd.weight" else kind
        if tensor.tensor_type == GGMLQuantizationType.F32:
            place = GGMLQuantizationType.F32
        writer.add_tensor(tensor.name, gguf.quants.quantize(weight(voice, tensor.name), place), raw_dtype=place)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def weight(voice: Path, name: str) -> NDArray[np.float32]:
    """The tensor that a GGUF file calls `name`, from a checkpoint of Llama's shape."""
    from safetensors import safe_open

    description = describe(json.loads((voice / "config.json").read_text()))
    module, kind = our_name(name)
    with safe_open(voice / "model.safetensors", framework="np") as file:
        values = file.get_tensor(f"{description.checkpoint_name(module)}.{kind}").astype(np.float32)
    layer = module.rsplit(".", 1)[-1]
    if layer in ("q", "k"):
        heads = description.heads if layer == "q" else description.key_heads
        # The two numbers of a rotated pair stand side by side there, half a head apart here.
        values = values.reshape(heads, 2, -1, values.shape[-1]).swapaxes(1, 2).reshape(values.shape)
    return np.ascontiguousarray(values)


class LlamaCpp8:
    """llama.cpp in q8_0, with a copy and a batch for each person."""

    name = "llama.cpp q8_0, a batch a person"
    kind = GGMLQuantizationType.Q8_0

    def __init__(self, voices: Voices):
        source = NAMED_BASES["smollm2"].file()
        if source is None:
            raise ValueError("the package of the base is not installed")
        file = voices.folder / f"merged-{self.kind.name}.gguf"
        write_gguf(source, voices.merged, file, self.kind)
        self._copies = Copies(lambda: _Model(file), file.stat().st_size)
        self._prompt = list(voices.prompt)

    def draw(self, requests: Sequence[Request], tokens: int) -> int:
        people = by_person(requests)
        return sum(
            len(draft)
            for person, rows in people
            for draft in self._copies.of(person).draw(self._prompt, rows, tokens, seed=person)
        )


class LlamaCpp4(LlamaCpp8):
    """The same in q4_0."""

    name = "llama.cpp q4_0, a batch a person"
    kind = GGMLQuantizationType.Q4_0


class _Model:
    """A GGUF file in memory and a context for `MOST_ROWS` drafts."""

    def __init__(self, file: Path):
        import llama_cpp

        self._api: Any = llama_cpp
        _silence()
        settings = llama_cpp.llama_model_default_params()
        self._model = llama_cpp.llama_model_load_from_file(str(file).encode(), settings)
        context = llama_cpp.llama_context_default_params()
        context.n_ctx, context.n_batch, context.n_seq_max = PLACES, PLACES, MOST_ROWS
        context.n_threads = context.n_threads_batch = torch.get_num_threads()
        context.kv_unified = True  # all drafts share the prompt
        self._context = llama_cpp.llama_init_from_model(self._model, context)
        if not self._model or not self._context:
            raise RuntimeError(f"llama.cpp cannot read {file.name}")
        self._batch = llama_cpp.llama_batch_init(PLACES, 0, MOST_ROWS)

    def __del__(self) -> None:
        self._api.llama_batch_free(self._batch)
        self._api.llama_free(self._context)
        self._api.llama_model_free(self._model)

    def draw(self, prompt: Sequence[int], rows: int, tokens: int, seed: int) -> list[list[int]]:
        """The tokens of `rows` drafts. End-of-text does not end a draft."""
        api = self._api
        samplers = [self._sampler(seed * MOST_ROWS + row) for row in range(rows)]
        memory = api.llama_get_memory(self._context)
        api.llama_memory_clear(memory, False)
        self._decode((token, place, 0, place == len(prompt) - 1) for place, token in enumerate(prompt))
        for row in range(1, rows):
            api.llama_memory_seq_cp(memory, 0, row, -1, -1)
        drafts = [[api.llama_sampler_sample(sampler, self._context, -1)] for sampler in samplers]
        for place in range(len(prompt), len(prompt) + tokens - 1):
            self._decode((draft[-1], place, row, True) for row, draft in enumerate(drafts))
            for row, sampler in enumerate(samplers):
                drafts[row].append(api.llama_sampler_sample(sampler, self._context, row))
        for sampler in samplers:
            api.llama_sampler_free(sampler)
        return drafts

    def _sampler(self, seed: int) -> Any:
        api = self._api
        chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        for part in (
            api.llama_sampler_init_top_k(SAMPLING["top_k"]),
            api.llama_sampler_init_top_p(SAMPLING["top_p"], 1),
            api.llama_sampler_init_temp(SAMPLING["temperature"]),
            api.llama_sampler_init_dist(seed),
        ):
            api.llama_sampler_chain_add(chain, part)
        return chain

    def _decode(self, entries: Iterator[tuple[int, int, int, bool]]) -> None:
        """Compute these (token, position, draft, whether its logits are wanted)."""
        batch, count = self._batch, 0
        for token, place, row, wanted in entries:
            batch.token[count], batch.pos[count], batch.logits[count] = token, place, wanted
            batch.n_seq_id[count], batch.seq_id[count][0] = 1, row
            count += 1
        batch.n_tokens = count
        if self._api.llama_decode(self._context, batch):
            raise RuntimeError("llama.cpp cannot compute a step")


@cache
def _silence() -> Any:
    """Drop every line of llama.cpp's log. The function that does so must stay in memory."""
    import llama_cpp

    drop = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(drop, None)  # type: ignore[arg-type]
    return drop
