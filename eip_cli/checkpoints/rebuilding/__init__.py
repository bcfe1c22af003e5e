"""A stored configuration, read as data -> the Keras model, from known layers with plain settings alone."""
