"""The layers of Keras that have no rule: those refused on purpose, and those that no image meets.

Both are named, so that a new one in a later Keras is noticed rather than overlooked.
"""

_OWN_CODE = "runs code of its own, so it is not a known kind"
_IN_ORDER = "reads its steps in order, each seeing all before it, which is not a known kind"
_ROW = "runs along one axis, which is not a known kind; layers for images (2D) are"
_VOLUME = "runs over volumes, which is not a known kind; layers for images (2D) are"
_NOT_IMAGES = "is not for images"


def _each(names: str, reason: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), reason)


REFUSED = {
    **_each("Lambda FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper Layer Wrapper", _OWN_CODE),
    **_each("Bidirectional GRU LSTM RNN SimpleRNN ConvLSTM1D ConvLSTM2D ConvLSTM3D", _IN_ORDER),
    **_each(
        "AveragePooling1D MaxPooling1D Conv1D Conv1DTranspose DepthwiseConv1D SeparableConv1D Cropping1D "
        "UpSampling1D ZeroPadding1D AdaptiveAveragePooling1D AdaptiveMaxPooling1D",
        _ROW,
    ),
    **_each(
        "AveragePooling3D MaxPooling3D Conv3D Conv3DTranspose Cropping3D UpSampling3D ZeroPadding3D "
        "AdaptiveAveragePooling3D AdaptiveMaxPooling3D GlobalAveragePooling3D GlobalMaxPooling3D "
        "SpatialDropout3D",
        _VOLUME,
    ),
    "Dot": "multiplies positions with each other, which is not a known kind",
    "EinsumDense": "contracts axes by an equation, which is not a known kind; Dense is",
    "ContrastLimitedAdaptiveHistogramEqualization": "equalizes by tiles, which is not a known kind",
    "Pipeline": "holds layers that are not followed, so it is not a known kind; name them one by one",
    "RepeatVector": "repeats a vector, which is not a known kind",
}
"""Why a layer that may meet an image has no receptive field, by its class's name."""

NOT_FOR_IMAGES = _each(
    "CategoryEncoding Discretization Embedding HashedCrossing Hashing IntegerLookup MaxNumBoundingBoxes "
    "MelSpectrogram ReversibleEmbedding STFTSpectrogram StringLookup TextVectorization GRUCell LSTMCell "
    "SimpleRNNCell StackedRNNCells InputSpec",
    _NOT_IMAGES,
)
REASONS = (
    REFUSED
    | NOT_FOR_IMAGES
    | {"TimeDistributed": "runs a layer along one axis that does more than act on each position"}
)
