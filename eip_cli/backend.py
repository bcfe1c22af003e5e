"""The one door to Keras: settings that only count before its backend is imported are made here.

Import Keras as ``from eip_cli.backend import keras``, in modules that commands import when they
run, so that help and usage errors never wait for TensorFlow.
"""

import logging
import os

# Each is set only where the user has not: their own environment always wins.
# The BFC allocator keeps large blocks instead of returning them to the system; without it a
# training step of the separable network spends a third of its time in page faults.
ENVIRONMENT_DEFAULTS = {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_CPU_ALLOCATOR_USE_BFC": "true",
}

for _name, _value in ENVIRONMENT_DEFAULTS.items():
    os.environ.setdefault(_name, _value)

import keras  # noqa: E402

if os.environ["TF_CPP_MIN_LOG_LEVEL"] != "0":
    # Keras warns of the .h5 format through absl, not through the warnings module.
    logging.getLogger("absl").setLevel(logging.ERROR)

__all__ = ["ENVIRONMENT_DEFAULTS", "keras"]
