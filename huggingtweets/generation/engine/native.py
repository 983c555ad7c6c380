"""The kernels of `kernels.c` for Python: a team of threads, and a model's weights and voices packed for it.

Knows ctypes, layouts in memory, and which processors and shapes the kernels support. Does not know rows or requests.
"""

import ctypes
import importlib.util
import weakref
from ctypes import POINTER, Structure, c_char_p, c_float, c_int64, c_void_p
from functools import cache
from itertools import count, takewhile
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from huggingtweets.generation.engine.adapters import Adapter
from huggingtweets.generation.engine.weights import Affine, Weights
from huggingtweets.model.block import angles_at
from huggingtweets.model.families import Description

LIBRARY = "huggingtweets.generation.engine._kernels"
LANES, WIDE = 8, 16  # numbers in a register, outputs in a block of a packed matrix
TILE, CHUNK = 12, 64  # rows multiplied at once at most, rounded numbers with one scale
# Ways to multiply: those of x86, the slowest first, then those of arm64.
PRODUCTS = ("AVX2", "AVX-VNNI", "AVX-512 VNNI", "NEON", "NEON dot product")
# These round what they multiply with to int8. The others round to int16, and all of one kind give the same bits.
IN_BYTES = ("AVX-VNNI", "AVX-512 VNNI", "NEON dot product")
LOGITS = 8  # that share a maximum, at least
MOST_SIZE = 256  # of an attention head
ACTIVATIONS = ("gelu_tanh", "gelu_erf", "relu", "silu")


class _Norm(Structure):
    _fields_ = (("weight", c_void_p), ("bias", c_void_p))


class _Linear(Structure):
    _fields_ = (
        ("weight", c_void_p),
        ("scale", c_void_p),
        ("bias", c_void_p),
        ("inputs", c_int64),
        ("outputs", c_int64),
        ("bits", c_int64),
    )


class _Block(Structure):
    _fields_ = (
        *((name, _Norm) for name in ("norm_1", "norm_2", "query_norm", "key_norm")),
        ("linears", POINTER(_Linear)),
        ("scale", c_float),
        ("turned", c_int64),
    )


class _Model(Structure):
    _fields_ = (
        *((name, c_int64) for name in ("layers", "width", "heads", "key_heads", "size", "inner", "vocabulary")),
        *((name, c_int64) for name in ("activation", "entrances", "gated")),
        ("epsilon", c_float),
        ("tokens", _Linear),
        ("positions", c_void_p),
        ("turns", c_void_p),
        ("blocks", POINTER(_Block)),
        ("norm", _Norm),
        ("head", _Linear),
    )


class _Voice(Structure):
    _fields_ = (
        ("rank", c_int64),
        ("embedding_rank", c_int64),
        ("a", POINTER(_Linear)),
        ("b", POINTER(_Linear)),
        ("e", _Linear),
        ("d", _Linear),
        ("t", _Linear),
    )


class Group(Structure):
    """Rows, and wanted rows, of one voice."""

    _fields_ = (
        ("voice", POINTER(_Voice)),
        ("start", c_int64),
        ("end", c_int64),
        ("wanted_start", c_int64),
        ("wanted_end", c_int64),
    )


class CallStruct(Structure):
    """What the steps of a call read and write; `layout.h` has the shapes."""

    _fields_ = (
        *((name, c_int64) for name in ("rows", "groups", "wanted", "cache_blocks", "table_width")),
        *((name, c_int64) for name in ("deepest", "highest", "most", "steps", "nanoseconds")),
        *((name, c_void_p) for name in ("tokens", "positions", "sequences", "tables", "wanted_rows")),
        ("group", POINTER(Group)),
        *((name, c_void_p) for name in ("cache", "x", "wide")),
        *((name, c_void_p) for name in ("even", "even_chunks", "inner", "inner_chunks", "low", "low_chunks")),
        *((name, c_void_p) for name in ("logits", "scratch")),
        ("room", c_int64),
        *((name, c_void_p) for name in ("maxima", "values", "ranks", "chosen", "nats", "live")),
        ("end", c_int64),
        *((name, c_void_p) for name in ("temperature", "top_p", "top_k", "uniform")),
        ("ahead", c_int64),
    )


class _Field(Structure):
    """The place of a field in a C structure."""

    _fields_ = (("name", c_char_p), ("offset", c_int64), ("size", c_int64))


STRUCTURES = {
    "Norm": _Norm,
    "Linear": _Linear,
    "Block": _Block,
    "Model": _Model,
    "Voice": _Voice,
    "Group": Group,
    "Call": CallStruct,
}


def _compiled_fields(library: ctypes.CDLL) -> dict[str, tuple[int, int]]:
    """The offset and size of every field in the compiled kernels. The keys are `Structure.field`."""
    fields = takewhile(lambda field: field.name, map(library.struct_fields().__getitem__, count()))
    return {field.name.decode(): (field.offset, field.size) for field in fields}


def _fields() -> dict[str, tuple[int, int]]:
    """The same for the structures of this module."""
    return {
        f"{name}.{field[0]}": (getattr(structure, field[0]).offset, ctypes.sizeof(field[1]))
        for name, structure in STRUCTURES.items()
        for field in structure._fields_
    }


@cache
def _library() -> ctypes.CDLL:
    """Raises `RuntimeError` where the kernels were not compiled or the processor cannot run them."""
    spec = importlib.util.find_spec(LIBRARY)
    if spec is None or spec.origin is None:
        raise RuntimeError("the kernels were not compiled when this was installed")
    return load_library(spec.origin)


def load_library(path: str) -> ctypes.CDLL:
    """The kernels in the shared library at `path`; raises `RuntimeError` where the processor cannot run them."""
    library = ctypes.CDLL(path)
    try:
        library.struct_fields.restype = POINTER(_Field)
        is_stale = _compiled_fields(library) != _fields()
    except AttributeError:  # an older library has no such function
        is_stale = True
    if is_stale:
        raise RuntimeError("the kernels were compiled from other sources; install again")
    library.kernels_run_here.restype = ctypes.c_bool
    library.has_products.argtypes, library.has_products.restype = [c_int64], ctypes.c_bool
    if not library.kernels_run_here():
        raise RuntimeError("the processor lacks AVX2, FMA or F16C")
    library.team_new.argtypes, library.team_new.restype = [c_int64, c_int64], c_void_p
    library.team_free.argtypes, library.team_free.restype = [c_void_p], None
    library.pack.argtypes, library.pack.restype = [c_void_p, c_int64, c_int64, c_int64, c_void_p, c_void_p], None
    library.team_step.argtypes, library.team_step.restype = [c_void_p, POINTER(_Model), POINTER(CallStruct)], c_int64
    return library


def products_here() -> list[str]:
    """Those of `PRODUCTS` that the processor has, the slowest first. Raises `RuntimeError` as above."""
    return [name for number, name in enumerate(PRODUCTS) if _library().has_products(number)]


class Team:
    """Threads that make a step together; the calling thread is one of them. By default `products` is the fastest."""

    def __init__(self, threads: int, products: str = ""):
        library = _library()
        self.threads = threads
        self._team = library.team_new(threads, PRODUCTS.index(products or products_here()[-1]))
        if not self._team:
            raise RuntimeError(f"{threads} threads cannot be started")
        # At the end of the process a thread may still be in a step.
        weakref.finalize(self, library.team_free, self._team).atexit = False

    def step(self, model: "PackedWeights", call: CallStruct) -> int:
        """Read the call's tokens, and write its logits, and the tokens drawn if they are asked for.

        Returns how many steps were made: with tokens drawn, more than one may follow each other.
        """
        return int(_library().team_step(self._team, model.struct, call))


class _Packed:
    """Memory that structures point to."""

    def __init__(self) -> None:
        self._kept: list[NDArray[Any]] = []

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return sum(array.nbytes for array in self._kept)

    def _keep(self, array: NDArray[Any]) -> int:
        """The address of `array`, which stays in memory as long as this object."""
        self._kept.append(array)
        return int(array.ctypes.data)

    def _floats(self, tensor: torch.Tensor) -> int:
        return self._keep(tensor.float().contiguous().numpy().copy())

    def _norm(self, affine: Affine | None) -> _Norm:
        if affine is None:
            return _Norm(None, None)
        return _Norm(self._floats(affine.weight), None if affine.bias is None else self._floats(affine.bias))

    def _linear(self, matrix: torch.Tensor, bias: torch.Tensor | None = None, *, bits: int = 8) -> _Linear:
        """`matrix` [in, out] and `bias` [out], packed."""
        inputs, outputs = matrix.shape
        even = inputs + inputs % 2
        scales = np.empty(0 if bits == 4 else filled_up(outputs), np.float32)
        whole = np.empty((filled_up(outputs), even * bits // 8 + (4 * chunks(even) if bits == 4 else 0)), np.int8)
        numbers = matrix.float().contiguous()
        _library().pack(numbers.data_ptr(), inputs, outputs, bits, whole.ctypes.data, scales.ctypes.data)
        if bias is not None:
            bias = torch.nn.functional.pad(bias, (0, -outputs % WIDE))
        return _Linear(
            self._keep(whole), self._keep(scales), None if bias is None else self._floats(bias), even, outputs, bits
        )


class PackedWeights(_Packed):
    """A base's weights as the kernels read them. Raises `ValueError` for shapes that they cannot compute.

    A row has `width` numbers, `heads_width` behind all heads, at most `widest` at any place and `inner`
    in the feed-forward network. A position in the cache takes 2 x `key_width` numbers. At most `side_by_side` linear
    layers read the same rows.
    """

    def __init__(self, weights: Weights):
        super().__init__()
        description = weights.description
        refuse_shape(description)
        self.layers, self.width, self.vocabulary = description.layers, description.width, description.vocabulary
        self.inner, size = description.inner, description.head_size
        self.heads_width, self.key_width = description.heads * size, description.key_heads * size
        self.widest = max(self.heads_width + 2 * self.key_width, self.inner * (1 + description.gated))
        entrances = 1 if description.fused else 3
        self.side_by_side = max(entrances, 1 + description.gated)
        head = self._linear(weights.head.T, _without(weights.banned, self.vocabulary))
        self._linears = [
            (_Linear * len(description.linears))(
                *(self._linear(block.parts[name].weight, block.parts[name].bias) for name in description.linears)
            )
            for block in weights.blocks
        ]
        self._blocks = (_Block * self.layers)(
            *(
                _Block(
                    *(self._norm(block.parts.get(name)) for name in ("norm_1", "norm_2", "q_norm", "k_norm")),
                    linears,
                    block.scale,
                    description.turns(layer),
                )
                for layer, (block, linears) in enumerate(zip(weights.blocks, self._linears, strict=True))
            )
        )
        self.struct = _Model(
            self.layers,
            self.width,
            description.heads,
            description.key_heads,
            size,
            self.inner,
            self.vocabulary,
            ACTIVATIONS.index(description.activation),
            entrances,
            description.gated,
            description.epsilon,
            head if weights.layout.tied else self._linear(weights.tokens.T),
            None if weights.positions is None else self._floats(weights.positions),
            self._floats(_turns(description)) if description.rotary else None,
            self._blocks,
            self._norm(weights.norm),
            head,
        )


def refuse_shape(description: Description) -> None:
    """Raises `ValueError` for a model that the kernels cannot compute."""
    size = description.head_size
    widths = {description.width, *(outputs for _, outputs in description.linears.values())}
    whole = 2 * LANES if description.rotary else LANES  # rotary positions turn the halves of a head
    if size % whole or size > MOST_SIZE or any(width % WIDE for width in widths):
        raise ValueError(f"no kernels for a width of {description.width} and {description.heads} heads of {size}")


def _turns(description: Description) -> torch.Tensor:
    """Cosines and sines of every position, [context, 2, size / 2]."""
    assert description.rotary
    positions = torch.arange(description.context).unsqueeze(0)
    cosines, sines = angles_at(positions, description.rotary, description.head_size)
    return torch.stack((cosines[0, 0], sines[0, 0]), dim=1)


def _without(banned: tuple[int, ...], vocabulary: int) -> torch.Tensor | None:
    """The bias of a head that never draws the tokens `banned`."""
    if not banned:
        return None
    bias = torch.zeros(vocabulary)
    bias[list(banned)] = -torch.inf
    return bias


class PackedVoice(_Packed):
    """An adapter as the kernels read it; `highest` is the larger rank, filled up.

    Layers that it leaves as they are, as many adapters do, take no memory and no time.
    """

    def __init__(self, adapter: Adapter):
        super().__init__()
        factors = adapter.factors()
        pairs = [
            (self._linear(a, bits=4), self._linear(b, bits=4)) if b.any() else (_Linear(), _Linear())
            for a, b in factors.linears
        ]
        self._a, self._b = ((_Linear * len(pairs))(*side) for side in zip(*pairs, strict=True))
        embedding = []
        if factors.embedding:
            e, d = factors.embedding
            embedding = [self._linear(e, bits=4), self._linear(d), self._linear(d.T)]  # the last two are small
        self._struct = _Voice(adapter.rank, adapter.embedding_rank, self._a, self._b, *embedding)
        self.pointer = ctypes.pointer(self._struct)
        self.highest = filled_up(max(adapter.rank, adapter.embedding_rank))


def chunks(count: int) -> int:
    """How many of `CHUNK` numbers there are in a row of `count`."""
    return -(-count // CHUNK)


def filled_up(count: int) -> int:
    """The next multiple of `WIDE`."""
    return -(-count // WIDE) * WIDE


def apart(count: int) -> int:
    """Numbers from one row of `count` to the next, where columns of many rows are used at a time."""
    return filled_up(count) | WIDE
