"""The one door to Keras: settings that only count before its backend is imported are made here.

Import Keras as ``from eip_cli.foundation.backend import keras``, in modules that commands import when they
run, so that help and usage errors never wait for TensorFlow.
"""

import contextlib
import logging
import os
import platform

from .streams import held_back_errors

# Each is set only where the user has not: their own environment always wins.
# The BFC allocator keeps large blocks instead of returning them to the system; without it a
# training step of the separable network spends a third of its time in page faults.
ENVIRONMENT_DEFAULTS = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_CPU_ALLOCATOR_USE_BFC": "true",
}
if platform.machine().lower() in ("x86_64", "amd64"):
    # TensorFlow takes oneDNN's kernels by itself only on processors with AVX512-VNNI or newer. They are
    # faster with AVX2 as well: 1.7 times for plain Keras, 1.1 for the twin (2 turns, 2 cores of a Zen 3).
    ENVIRONMENT_DEFAULTS["TF_ENABLE_ONEDNN_OPTS"] = "1"


def _import_keras() -> None:
    for name, value in ENVIRONMENT_DEFAULTS.items():
        os.environ.setdefault(name, value)
    verbose = os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    with contextlib.nullcontext() if verbose else held_back_errors():
        import keras  # noqa: F401
    if not verbose:
        # Keras warns of the .h5 format through absl, not through the warnings module.
        logging.getLogger("absl").setLevel(logging.ERROR)


_import_keras()

import keras  # noqa: E402

from .errors import TrainingError  # noqa: E402
from .processor import available_threads  # noqa: E402

__all__ = ["accelerator_names", "is_deterministic", "is_tensorflow_on_cpu", "keras", "use_threads"]


def use_threads(threads: int) -> None:
    """Let TensorFlow compute with ``threads`` threads; other backends choose for themselves.

    Raises TrainingError where TensorFlow has already started with another number.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    threading = tf.config.threading
    if threading.get_intra_op_parallelism_threads() == threads:
        return
    try:
        threading.set_intra_op_parallelism_threads(threads)
        threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        raise TrainingError(
            f"TensorFlow has already started with other settings than {threads} threads: use a new process"
        ) from None


def is_tensorflow_on_cpu() -> bool:
    """Whether Keras runs on TensorFlow, and that on a machine where it finds no GPU."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_physical_devices("GPU")


def accelerator_names() -> list[str]:
    """The accelerators that the backend sees; empty on a CPU."""
    if keras.backend.backend() == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return [device.name for device in tf.config.list_physical_devices("GPU")]
    return []


def _make_repeatable() -> None:
    """Have two processes with one seed and one number of threads agree to the bit, on a CPU.

    TensorFlow's memory optimizer rearranges training-mode batch normalization differently in each
    process, so that two runs part at the first step. It has no public switch, but is left out where
    XLA clusters operations by itself, and asking for that clusters nothing on a CPU: there TF_XLA_FLAGS
    must allow it too. The other passes of the graph optimizer stay, which join a convolution's bias and
    ReLU: without them a step of the base network takes 2 to 10% longer (3 comparisons each way of 28 to
    40 alternations, 2 cores of a Zen 3).
    """
    if is_tensorflow_on_cpu():
        import tensorflow as tf

        tf.config.optimizer.set_jit(True)
    use_threads(available_threads())


# Before the first operation of this process, which may be the building of a model.
_make_repeatable()


def is_deterministic() -> bool:
    """Whether training in this process repeats to the bit: TensorFlow on a CPU does, as set here."""
    return is_tensorflow_on_cpu()
