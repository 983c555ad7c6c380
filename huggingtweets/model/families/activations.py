"""The activation functions of the families, by their names in config.json files.

Knows names. Does not know how a function is computed.
"""

from huggingtweets.model.families.description import Activation, Unsupported

# GELU (Hendrycks and Gimpel 2016) has an exact form, and an approximation with tanh that has several names.
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
    """The function that config.json calls `name`. Raises `Unsupported` for an unknown one."""
    if name not in ACTIVATIONS:
        raise Unsupported(f"its activation function {name} is not supported")
    return ACTIVATIONS[name]
