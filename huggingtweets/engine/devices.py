"""Which decoder computes here, and in which precision: chosen from the settings and what the machine has.

Knows every decoder. Does not know voices or rows.
"""

import logging

import torch

from huggingtweets.config import Generation
from huggingtweets.cpu import use_threads
from huggingtweets.engine.decoder import Decoder
from huggingtweets.engine.torch_decoder import TorchDecoder
from huggingtweets.engine.weights import Weights

log = logging.getLogger(__name__)

STEPS_ON_A_GPU = 8  # without waiting for what was drawn


def make_decoder(weights: Weights, settings: Generation, *, adapted: bool) -> Decoder:
    """`weights` in the decoder that suits this machine and `settings`; without `adapted` no row may have an adapter."""
    use_threads(settings.threads)
    if settings.precision == "fp32":
        return TorchDecoder(weights)
    if torch.cuda.is_available():
        return TorchDecoder(weights, device="cuda", dtype=torch.bfloat16, steps=STEPS_ON_A_GPU)
    for make in (_native, _openvino):
        try:
            return make(weights, settings.threads, adapted)
        except (ImportError, RuntimeError, ValueError) as error:
            log.debug("%s: %s", make.__name__, error)
            reason = str(error).split("\n", 1)[0]
    # There are machines without a build of OpenVINO, and versions in which PagedAttention has other inputs.
    log.warning("neither the kernels nor OpenVINO can be used (%s); torch computes instead, slower", reason)
    return TorchDecoder(weights)


def _native(weights: Weights, threads: int, adapted: bool) -> Decoder:
    """Without an adapter a row costs nothing more, so `adapted` says nothing new."""
    from huggingtweets.engine.native_decoder import NativeDecoder

    return NativeDecoder(weights, threads=threads)


def _openvino(weights: Weights, threads: int, adapted: bool) -> Decoder:
    from huggingtweets.engine.openvino_decoder import OpenVinoDecoder

    return OpenVinoDecoder(weights, threads=threads, adapted=adapted)
