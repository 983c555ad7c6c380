"""Other libraries that generate with these models, used as their documents say, on the same requests.

Every draft has exactly `TOKENS` new tokens after `PROMPT`, sampled with top-p 0.95 and, by other libraries, top-k 50.
The engine chooses among 200 tokens, as its settings say, which takes it longer. A library that cannot mix voices holds
a full copy of the model for each person. Speed does not depend on the weights, so all copies are of the same merged
voice.

Knows the libraries. Does not know workloads, rounds or what is compared with what.
"""

import copy
import importlib.util
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from huggingtweets.model import base as bases
from huggingtweets.model import checkpoint, lora
from huggingtweets.model.base import Base

PROMPT = "My dream is"
TOKENS = 48
SAMPLING = {"do_sample": True, "temperature": 1.0, "top_k": 50, "top_p": 0.95}
BUDGET_BYTES = 2 << 30  # for all copies together


@dataclass(frozen=True)
class Request:
    """`count` drafts in the voice of person number `person`."""

    person: int
    count: int


class Voices:
    """A base in a folder, with random adapters of the given ranks, on these layers, for any number of people."""

    def __init__(
        self, base: Path, folder: Path, rank: int, embedding_rank: int, layers: str = "all", device: str = "cpu"
    ):
        self.base_folder, self.folder, self.device = base, folder, device
        self.rank, self.embedding_rank, self.layers = rank, embedding_rank, layers

    @cached_property
    def base(self) -> Base:
        return bases.load(str(self.base_folder))

    def adapter(self, person: int) -> Path:
        """The folder of the adapter of `person`."""
        folder = self.folder / f"adapter-{person}"
        if not folder.exists():
            model = copy.deepcopy(self.base.model)
            layers = lora.linears(model, lora.PARTS[self.layers])
            lora.add(model, self.rank, alpha=self.rank, embedding_rank=self.embedding_rank, layers=layers)
            chance = torch.Generator().manual_seed(person)
            state = {
                name: 0.01 * torch.randn(weight.shape, generator=chance) for name, weight in lora.state(model).items()
            }
            lora.save(
                state,
                folder,
                model.description,
                base=str(self.base_folder),
                rank=self.rank,
                alpha=self.rank,
            )
        return folder

    @cached_property
    def merged(self) -> Path:
        """The folder of an ordinary model that is the first person's voice."""
        folder = self.folder / "merged"
        voice = bases.load(str(self.base_folder))
        lora.apply(voice.model, self.adapter(0))
        checkpoint.write(voice.model, folder, torch.float32)
        config = json.loads((folder / "config.json").read_text())
        if config["model_type"] == "gpt2":  # the name that all libraries know
            (folder / "config.json").write_text(json.dumps(config | {"activation_function": "gelu_new"}))
        for name in ("tokenizer.json", "tokenizer_config.json"):
            (folder / name).write_bytes((self.base_folder / name).read_bytes())
        return folder

    @cached_property
    def copies(self) -> "Copies":
        """What is the same for all ways to generate with transformers."""
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(self.merged, dtype="float32").eval().to(self.device)
        return Copies(lambda: copy.deepcopy(model), 1, budget=64)

    @property
    def prompt(self) -> Sequence[int]:
        from huggingtweets.generation.engine.start import start_of

        return start_of(self.base, PROMPT, TOKENS).tokens


class Copies:
    """One model for each person. Above the budget the least recently used ones are dropped."""

    def __init__(self, load: Callable[[], Any], bytes_each: int, budget: int = BUDGET_BYTES):
        self._load, self._most = load, max(1, budget // bytes_each)
        self._loaded: OrderedDict[int, Any] = OrderedDict()

    def of(self, person: int) -> Any:
        if person not in self._loaded:
            while len(self._loaded) >= self._most:
                self._loaded.popitem(last=False)
            self._loaded[person] = self._load()
        self._loaded.move_to_end(person)
        return self._loaded[person]


def by_person(requests: Sequence[Request]) -> Iterator[tuple[int, int]]:
    """Each person with the number of drafts for all of their requests."""
    counts: dict[int, int] = {}
    for request in requests:
        counts[request.person] = counts.get(request.person, 0) + request.count
    return iter(counts.items())


class Ours:
    """The engine's batch and decoder, without its queue. End-of-text does not end a draft here."""

    name = "huggingtweets"

    def __init__(self, voices: Voices, precision: str = "auto"):
        from huggingtweets.core.config.settings import GenerationSettings
        from huggingtweets.generation.engine.batch import Batch
        from huggingtweets.generation.engine.devices import make_decoder
        from huggingtweets.generation.engine.weights import Weights

        self.voices = voices
        settings = GenerationSettings(threads=torch.get_num_threads(), precision=precision)  # type: ignore[arg-type]
        self.weights = Weights.of(voices.base.model)
        self.decoder = make_decoder(self.weights, settings)
        self.batch = Batch(self.decoder, end_of_text=-1)
        self.adapters: dict[int, Any] = {}

    def draw(self, requests: Sequence[Request], tokens: int) -> int:
        from huggingtweets.generation.engine.batch import DraftJob
        from huggingtweets.generation.engine.decode import read_drafts
        from huggingtweets.generation.engine.rows import Sampling

        sampling = Sampling(max_new_tokens=tokens)
        jobs = [
            DraftJob(self.voices.prompt, self.adapter(request.person), request.count, sampling, seed, PROMPT)
            for seed, request in enumerate(requests)
        ]
        self.batch.join(jobs)
        while self.batch.rows:
            self.batch.step()
        texts = [draft for job in jobs for draft in read_drafts(self.voices.base, job)]
        return len(texts) * tokens

    def adapter(self, person: int) -> Any:
        from huggingtweets.generation.engine import adapters

        if person not in self.adapters:
            given = adapters.load(self.voices.adapter(person), self.decoder.layout, self.decoder.dtype)
            self.adapters[person] = self.decoder.hold(given)
        return self.adapters[person]


class Pipeline:
    """transformers' pipeline, as the model cards of the original say."""

    name = "transformers pipeline()"

    def __init__(self, voices: Voices):
        from transformers import pipeline

        self._pipeline = pipeline("text-generation", model=str(voices.merged))

    def draw(self, requests: Sequence[Request], tokens: int) -> int:
        total = 0
        for request in requests:
            drawn = self._pipeline(
                PROMPT,
                num_return_sequences=request.count,
                max_new_tokens=tokens,
                min_new_tokens=tokens,
                pad_token_id=self._pipeline.model.config.eos_token_id,
                **SAMPLING,
            )
            total += len(drawn) * tokens
        return total


class _Transformers:
    """`generate` on a full copy for each person."""

    def __init__(self, voices: Voices):
        self._prompt, self._copies = voices.prompt, voices.copies

    def _generate(self, model: Any, rows: int, tokens: int, **more: Any) -> int:
        start = torch.tensor([self._prompt], device=model.device)
        with torch.inference_mode():
            drawn = model.generate(
                input_ids=start.expand(rows if more else 1, -1),
                attention_mask=torch.ones(rows if more else 1, start.shape[1], dtype=torch.long, device=model.device),
                num_return_sequences=1 if more else rows,
                max_new_tokens=tokens,
                min_new_tokens=tokens,
                pad_token_id=0,
                **SAMPLING,
                **more,
            )
        return int(drawn.shape[0]) * tokens


class OneAfterTheOther(_Transformers):
    name = "transformers, one request after the other"

    def draw(self, requests: Sequence[Request], tokens: int) -> int:
        return sum(self._generate(self._copies.of(each.person), each.count, tokens) for each in requests)


class ByPerson(_Transformers):
    name = "transformers, a batch a person"

    def draw(self, requests: Sequence[Request], tokens: int) -> int:
        return sum(self._generate(self._copies.of(person), rows, tokens) for person, rows in by_person(requests))


class PeftMixed(_Transformers):
    """peft's mixed batches: one base, and an adapter for each row."""

    name = "peft, one mixed batch"

    def __init__(self, voices: Voices, people: int = 8):
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        self._prompt = voices.prompt
        base = AutoModelForCausalLM.from_pretrained(voices.base_folder, dtype="float32")
        self._model = PeftModel.from_pretrained(base, voices.adapter(0), adapter_name="0")
        for person in range(1, people):
            self._model.load_adapter(voices.adapter(person), adapter_name=str(person))
        self._model.eval()

    def draw(self, requests: Sequence[Request], tokens: int) -> int:
        names = [str(request.person) for request in requests for _ in range(request.count)]
        return self._generate(self._model, len(names), tokens, adapter_names=names)


class CTranslate2:
    """CTranslate2 in int8, with a copy and a batch for each person."""

    name = "CTranslate2 int8, a batch a person"

    def __init__(self, voices: Voices):
        import ctranslate2
        from ctranslate2.converters import TransformersConverter

        folder = voices.folder / "ctranslate2"
        TransformersConverter(str(voices.merged)).convert(str(folder), quantization="int8", force=True)
        threads = torch.get_num_threads()
        bytes_each = (folder / "model.bin").stat().st_size
        self._copies = Copies(
            lambda: ctranslate2.Generator(str(folder), compute_type="int8", inter_threads=1, intra_threads=threads),
            bytes_each,
        )
        self._start = [voices.base.tokenizer.id_to_token(token) for token in voices.prompt]

    def draw(self, requests: Sequence[Request], tokens: int) -> int:
        total = 0
        for person, rows in by_person(requests):
            drawn = self._copies.of(person).generate_batch(
                [self._start],
                num_hypotheses=rows,
                max_length=tokens,
                min_length=tokens,
                sampling_topk=SAMPLING["top_k"],
                sampling_topp=SAMPLING["top_p"],
                include_prompt_in_result=False,
                return_end_token=True,
            )
            total += sum(map(len, drawn[0].sequences_ids))
        return total


class OpenVinoGenAI:
    """OpenVINO GenAI, with a copy and a batch for each person."""

    name = "OpenVINO GenAI int8, a batch a person"
    int8 = True

    def __init__(self, voices: Voices):
        import openvino_genai

        from benchmarks.genai import export
        from huggingtweets.generation.engine.weights import Weights

        folder = voices.folder / f"genai-{self.int8}"
        weights = Weights.of(bases.load(str(voices.merged)).model)
        export(folder, weights, voices.base_folder, int8=self.int8)
        threads = torch.get_num_threads()
        self._copies = Copies(
            lambda: openvino_genai.LLMPipeline(str(folder), "CPU", INFERENCE_NUM_THREADS=threads),
            (folder / "openvino_model.bin").stat().st_size,
        )
        self._settings = openvino_genai.GenerationConfig(
            do_sample=True, top_k=SAMPLING["top_k"], top_p=SAMPLING["top_p"], ignore_eos=True
        )

    def draw(self, requests: Sequence[Request], tokens: int) -> int:
        total = 0
        for person, rows in by_person(requests):
            self._settings.max_new_tokens, self._settings.num_return_sequences = tokens, rows
            drawn = self._copies.of(person).generate([PROMPT], self._settings)
            total += len(drawn.texts) * tokens
        return total


class OpenVinoGenAIHalf(OpenVinoGenAI):
    """The same in bf16, in which this library computes with fp32 weights here."""

    name = "OpenVINO GenAI bf16, a batch a person"
    int8 = False


def has(library: str) -> bool:
    """Returns True if this library of the extra `bench` is installed."""
    return importlib.util.find_spec(library) is not None
