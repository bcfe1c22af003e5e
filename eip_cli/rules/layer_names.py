"""What kinds of layers are called: in rules files, as a rule's title, and as a noun. Starts no Keras."""

LAYER_KINDS = {
    "average-pooling": "average pooling layer",
    "batch-normalization": "BatchNormalization layer",
    "convolution": "convolution",
    "dense": "dense layer",
    "depthwise-convolution": "depthwise convolution",
    "dilated-convolution": "dilated convolution",
    "dropout": "dropout layer",
    "flatten": "flatten layer",
    "global-average-pooling": "global average pooling layer",
    "max-pooling": "max pooling layer",
    "pointwise-convolution": "1x1 convolution",
    "separable-convolution": "depthwise separable convolution",
    "skip-connection": "skip connection",
    "strided-convolution": "strided convolution",
}
CONVOLUTION_KINDS = ("separable", "pointwise", "depthwise", "ordinary")
