"""Keras's own layers, activations and other objects that are known to be plain, by name.

A stranger's file is rebuilt from these alone, and a network of these alone can be written as plain Keras.
"""

_LAYER_TYPES = """
    Activation ActivityRegularization Add AlphaDropout Average AveragePooling2D BatchNormalization
    CenterCrop Concatenate Conv2D Conv2DTranspose Cropping2D Dense DepthwiseConv2D Dropout ELU Flatten
    GaussianDropout GaussianNoise GlobalAveragePooling2D GlobalMaxPooling2D GroupNormalization Identity
    InputLayer LayerNormalization LeakyReLU MaxPooling2D Maximum Minimum Multiply PReLU Permute
    RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation RandomZoom
    ReLU Rescaling Reshape Resizing SeparableConv2D Softmax SpatialDropout2D Subtract UnitNormalization
    UpSampling2D ZeroPadding2D
"""
LAYER_TYPES = frozenset(_LAYER_TYPES.split())
# Without weights of their own, so that they can stand where an activation function does.
ACTIVATION_LAYERS = frozenset({"ELU", "LeakyReLU", "ReLU", "Softmax"})
_ACTIVATIONS = """
    celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear
    log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign
    squareplus swish tanh tanh_shrink
"""
ACTIVATIONS = frozenset(_ACTIVATIONS.split())
_INITIALIZERS = """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones
    Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
"""
INITIALIZERS = frozenset(_INITIALIZERS.split())
REGULARIZERS = frozenset({"L1", "L2", "L1L2", "OrthogonalRegularizer"})
CONSTRAINTS = frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"})
