"""A Keras model as the lines of plain Keras that build it, and a user's own lines beside its true figures."""
