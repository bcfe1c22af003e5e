"""What kind of thing a layer is in a diagram, and the few words that say it."""

from typing import Any, Literal

from eip_cli.foundation.backend import keras

Kind = Literal[
    "image", "separable", "convolution", "depthwise", "pooling", "dense", "merge", "addition", "other"
]

CONVOLUTIONS = {
    "SeparableConv": ("separable", "separable"),
    "DepthwiseConv": ("depthwise", "depthwise"),
    "Conv": ("convolution", "conv"),
}
SHORT_NAMES = {
    "BatchNormalization": "BN",
    "LayerNormalization": "LN",
    "GroupNormalization": "GN",
    "RMSNormalization": "RMS norm",
    "UnitNormalization": "unit norm",
    "GlobalAveragePooling2D": "global average",
    "GlobalMaxPooling2D": "global maximum",
    "AveragePooling2D": "average",
    "MaxPooling2D": "maximum",
    "Identity": "",
    "ActivityRegularization": "",
}
ADDITIONS = frozenset(
    [
        "Activation",
        "ReLU",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "Softmax",
        "Dropout",
        "SpatialDropout2D",
        "GaussianDropout",
        "GaussianNoise",
        "AlphaDropout",
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "RMSNormalization",
        "UnitNormalization",
        "Identity",
        "ActivityRegularization",
    ]
)
MERGES = {
    "Add": "+",
    "Subtract": "−",  # noqa: RUF001  # the sign, as wide as the plus
    "Multiply": "×",  # noqa: RUF001
    "Divide": "÷",
    "TrueDivide": "÷",
    "Average": "avg",
    "Maximum": "max",
    "Minimum": "min",
    "Concatenate": "cat",
    "Dot": "·",
    "Matmul": "·",
    "Einsum": "·",
}
ACTIVATION_NAMES = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "silu": "SiLU",
    "gelu": "GELU",
    "elu": "ELU",
    "selu": "SELU",
}


def unwrap(operation: keras.Operation) -> keras.Operation:
    """The layer inside wrappers that run it as it is."""
    while type(operation) in (keras.layers.SpectralNormalization, keras.layers.TimeDistributed):
        operation = operation.layer
    return operation


def find_kind(operation: keras.Operation, n_sources: int) -> Kind:
    """The kind of a layer that is called with ``n_sources`` tensors."""
    operation = unwrap(operation)
    name = type(operation).__name__
    if n_sources > 1:
        return "merge"
    if name in ADDITIONS or _is_activation_operation(operation):
        return "addition"
    if name == "Dense":
        return "dense"
    if "Pooling" in name:
        return "pooling"
    return _find_convolution(name)[0]


def _find_convolution(name: str) -> tuple[Any, str]:
    for beginning, found in CONVOLUTIONS.items():
        if name.startswith(beginning) and "LSTM" not in name:
            return found
    return "other", name


def _is_activation_operation(operation: keras.Operation) -> bool:
    return type(operation).__module__ == "keras.src.ops.nn" and hasattr(
        keras.activations, type(operation).__name__.lower()
    )


def describe_main(operation: keras.Operation, n_sources: int) -> str:
    """What a block's main layer is: ``separable 3x3, stride 2``; of a merge, its sign."""
    name = type(operation).__name__
    if n_sources > 1:
        return MERGES.get(name, name)
    if name == "Dense":
        return f"dense {operation.units}"
    if name in ADDITIONS:
        return describe_addition(operation) or name
    words = SHORT_NAMES.get(name) or _find_convolution(name)[1]
    if "Transpose" in name:
        words = "transposed"
    window = getattr(operation, "kernel_size", None) or getattr(operation, "pool_size", None)
    if window is None:
        return words
    parts = [f"{words} {_show(window)}"]
    strides = tuple(operation.strides)
    is_usual = strides == (tuple(window) if hasattr(operation, "pool_size") else (1,) * len(strides))
    parts += [] if is_usual else [f"stride {_show_equal(strides)}"]
    for setting, word in (
        ("dilation_rate", "dilation"),
        ("depth_multiplier", "multiplier"),
        ("groups", "groups"),
    ):
        value = getattr(operation, setting, 1)
        if value != 1 and set(value if isinstance(value, tuple) else (value,)) != {1}:
            parts.append(f"{word} {_show_equal(value) if isinstance(value, tuple) else value}")
    if (
        operation.padding == "valid"
        and set(window) != {1}
        and words not in (*SHORT_NAMES.values(), "transposed")
    ):
        parts.append("valid")
    return ", ".join(parts)


def _show(window: Any) -> str:
    return "×".join(map(str, window))  # noqa: RUF001


def _show_equal(values: tuple[int, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else _show(values)


def describe_addition(operation: keras.Operation) -> str:
    """``BN``, ``ReLU``, ``dropout 0.25``; empty where there is nothing to say, as of a linear activation."""
    operation = unwrap(operation)
    name = type(operation).__name__
    if name in SHORT_NAMES:
        return SHORT_NAMES[name]
    if "Dropout" in name or name == "GaussianNoise":
        amount = getattr(operation, "rate", None) or getattr(operation, "stddev", 0)
        return f"{'noise' if name == 'GaussianNoise' else 'dropout'} {amount:g}"
    activation = getattr(operation, "activation", None)
    if name == "Activation" or activation is not None:
        own = getattr(activation, "__name__", None) or getattr(activation, "name", None) or "activation"
        return "" if own == "linear" else ACTIVATION_NAMES.get(own, str(own))
    return ACTIVATION_NAMES.get(name.lower(), name if name[1:2].isupper() or "ReLU" in name else name.lower())
