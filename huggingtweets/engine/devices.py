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
    if settings.precision != "fp32" and torch.cuda.is_available():
        return TorchDecoder(weights, device="cuda", dtype=torch.bfloat16, steps=STEPS_ON_A_GPU)
    if settings.precision != "fp32":
        try:
            from huggingtweets.engine.openvino_decoder import OpenVinoDecoder

            return OpenVinoDecoder(weights, threads=settings.threads, adapted=adapted)
        except (ImportError, RuntimeError) as error:
            # There are machines without a build of it, and versions in which PagedAttention has other inputs.
            log.warning("OpenVINO cannot be used (%s); torch computes instead, slower", str(error).split("\n", 1)[0])
    return TorchDecoder(weights)
