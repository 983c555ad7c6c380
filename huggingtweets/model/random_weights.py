"""A model that has learned nothing: what a training from nothing begins with.

Knows our module. Does not know what it is trained for.
"""

import math

from torch import nn

from huggingtweets.model.causal import CausalLM, Linear
from huggingtweets.model.families import Description

SPREAD = 0.02


def with_random_weights(description: Description) -> CausalLM:
    """Weights are normal with a spread of 0.02, and biases 0, as in GPT-2.

    The layers whose output is added to the residual stream get less, the more of them there are.
    """
    model = CausalLM(description)
    for name, module in model.named_modules():
        if isinstance(module, Linear | nn.Embedding):
            is_residual = name.endswith((".out", ".down"))
            nn.init.normal_(module.weight, std=SPREAD / (math.sqrt(2 * description.layers) if is_residual else 1))
    if not description.tied:
        nn.init.normal_(model.head.get_parameter("weight"), std=SPREAD)
    return model
