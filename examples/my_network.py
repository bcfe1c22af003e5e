"""A network of one's own: any function that returns a Keras model from images to probabilities of classes.

    eip summary examples/my_network.py:bottleneck --show-rf --show-macs
    eip train --model examples/my_network.py:bottleneck --dataset digits

It has depthwise separable convolutions only, like the report's network, in fewer parameters:
strides instead of average pooling, and global average pooling instead of a last wide kernel.
"""

import keras
from keras import layers


def bottleneck(input_shape: tuple[int, int, int] = (32, 32, 3), classes: int = 10) -> keras.Model:
    """Three stages of 48, 64 and 96 channels, each entered by a convolution of stride 2 but the first.

    A function with these two parameters is given what the data set has.
    """
    image = keras.Input(input_shape)
    features = _convolve(image, 48)
    features = _convolve(features, 48)
    for channels in (64, 96):
        features = _convolve(features, channels, stride=2)
        shortcut = features
        features = _convolve(features, channels)
        features = layers.Add()([features, shortcut])
        features = layers.Dropout(0.1)(features)
    features = layers.GlobalAveragePooling2D()(features)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(features), name="bottleneck")


def _convolve(features: keras.KerasTensor, channels: int, stride: int = 1) -> keras.KerasTensor:
    features = layers.SeparableConv2D(channels, 3, strides=stride, padding="same", use_bias=False)(features)
    features = layers.BatchNormalization()(features)
    return layers.ReLU()(features)
