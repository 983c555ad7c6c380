"""The activation functions of the families, by the names that config.json files have for them.

Knows names. Does not know how a function is computed.
"""

from huggingtweets.model.families.description import Activation, Unsupported

# GELU has two forms (Hendrycks and Gimpel 2016): the exact one, and one with tanh that has several names.
ACTIVATIONS: dict[str, Activation] = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu": "gelu_erf",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}


def activation_of(name: str) -> Activation:
    """Which function config.json means by `name`; raises `Unsupported` for one that does not work here."""
    if name not in ACTIVATIONS:
        raise Unsupported(f"its activation function {name} does not work here")
    return ACTIVATIONS[name]
