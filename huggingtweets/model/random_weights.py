"""A model with random weights, which is the start of a training from nothing.

Knows our module. Does not know what it is trained for.
"""

import math

from torch import nn

from huggingtweets.model.causal import CausalLM, Linear
from huggingtweets.model.families import Description

SPREAD = 0.02


def with_random_weights(description: Description) -> CausalLM:
    """A model with normal weights of standard deviation 0.02 and biases of 0, as in GPT-2.

    In layers that add to the residual stream, the deviation is divided by the square root of their number.
    """
    model = CausalLM(description)
    for name, module in model.named_modules():
        if isinstance(module, Linear | nn.Embedding):
            is_residual = name.endswith((".out", ".down"))
            nn.init.normal_(module.weight, std=SPREAD / (math.sqrt(2 * description.layers) if is_residual else 1))
    if not description.tied:
        nn.init.normal_(model.head.get_parameter("weight"), std=SPREAD)
    return model
