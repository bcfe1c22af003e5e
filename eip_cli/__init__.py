"""Small convolutional networks on CIFAR-10, measured honestly against a baseline."""

__version__ = "0.1.0"
