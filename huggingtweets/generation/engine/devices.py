"""Chooses the decoder and its precision from the settings and from what the machine has.

Knows every decoder. Does not know voices or rows.
"""

import logging

import torch

from huggingtweets.core.config.settings import GenerationSettings
from huggingtweets.core.process.cpu import use_threads
from huggingtweets.generation.engine.decoder import Decoder
from huggingtweets.generation.engine.torch_decoder import TorchDecoder
from huggingtweets.generation.engine.weights import Weights

log = logging.getLogger(__name__)

STEPS_ON_A_GPU = 8  # made before the host reads the tokens that were drawn


def make_decoder(weights: Weights, settings: GenerationSettings) -> Decoder:
    """`weights` in the decoder that fits this machine and `settings`."""
    use_threads(settings.threads)
    if settings.precision == "fp32":
        return TorchDecoder(weights)
    if torch.cuda.is_available():
        return TorchDecoder(weights, device="cuda", dtype=torch.bfloat16, steps=STEPS_ON_A_GPU)
    from huggingtweets.generation.engine.native_decoder import NativeDecoder

    try:
        return NativeDecoder(weights, threads=settings.threads)
    except (RuntimeError, ValueError) as error:
        log.warning("the kernels cannot be used (%s); torch computes instead, slower", error)
        return TorchDecoder(weights)
