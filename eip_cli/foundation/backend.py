"""The one door to Keras: settings that only count before its backend is imported are made here.

Import Keras as ``from eip_cli.foundation.backend import keras``, in modules that commands import when they
run, so that help and usage errors never wait for TensorFlow. The import raises BackendError where Keras
cannot be started.
"""

import contextlib
import gc
import logging
import os
import platform
import sys
import warnings
from collections.abc import Iterator

from .compiled_programs.keeping import set_programs_folder
from .deferred_imports import deferred_imports
from .errors import BackendError, SettingsWarning, TrainingError, in_one_line
from .keras_settings import BACKENDS, DEFAULT_POLICY, DEFAULTS, describe_differences, read_request
from .processor import available_threads
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

# What of Keras imports scikit-learn, matplotlib and pandas where they are installed, a third of its own
# time, and is used by few programs.
DEFERRED_MODULES = (
    "keras.src.trainers.data_adapters.array_slicing",
    "keras.src.visualization",
    "keras.visualization",
    "keras.wrappers",
)


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Look for no garbage: an import makes next to none, and a million objects to look through.

    Afterwards they count as old ones, so that they are looked through seldom.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:  # else what another program has frozen would thaw with them
            gc.freeze()
            gc.unfreeze()
        gc.enable()


def _import_keras() -> None:
    if "tensorflow" not in sys.modules:  # else too late, and a run would record what is not in force
        for name, value in ENVIRONMENT_DEFAULTS.items():
            os.environ.setdefault(name, value)
    if "keras" not in sys.modules:
        request = read_request()
        if request.notice:
            warnings.warn(request.notice, SettingsWarning, stacklevel=2)
        if request.backend != "tensorflow":
            os.environ["KERAS_BACKEND"] = request.backend  # for a run's record, where keras.json names it
        elif "tensorflow" not in sys.modules:
            set_programs_folder()
    verbose = os.environ.get("TF_CPP_MIN_LOG_LEVEL") == "0"
    failure = None
    quiet = contextlib.nullcontext() if verbose else held_back_errors()
    with quiet, _without_collections(), deferred_imports(DEFERRED_MODULES):
        try:
            import keras
        except Exception as error:  # whatever a damaged installation raises
            failure = error
    if failure is not None:
        reason = f"{type(failure).__name__}: {in_one_line(failure)}"
        raise BackendError(
            f"Keras cannot be started ({reason:.300}): the installation is damaged or its parts do not fit "
            "each other; install it anew: pip install --force-reinstall keras tensorflow"
        ) from failure
    if (name := keras.backend.backend()) not in BACKENDS:
        raise BackendError(f"Keras runs on {name} here: this program computes with {' or '.join(BACKENDS)}")
    if not verbose:
        # Keras warns of the .h5 format through absl, TensorFlow of networks that are traced one after another
        # through its own logger; neither through the warnings module.
        for name in ("absl", "tensorflow"):
            logging.getLogger(name).setLevel(logging.ERROR)


_import_keras()

import keras  # noqa: E402
from keras.src.backend.common import global_state  # noqa: E402  # nothing public forgets a policy

__all__ = [
    "accelerator_names",
    "default_settings",
    "is_deterministic",
    "is_tensorflow_on_cpu",
    "keras",
    "use_default_settings",
    "use_threads",
]


def use_default_settings() -> None:
    """Have Keras build and compute with its own defaults again, whatever was set before in this process."""
    _put_in_force(DEFAULTS, policy=None)


@contextlib.contextmanager
def default_settings() -> Iterator[None]:
    """Keras's own defaults within the block, as in a process of its own; afterwards what was before."""
    settings, policy = _settings_in_force(), global_state.get_global_attribute("dtype_policy")
    use_default_settings()
    try:
        yield
    finally:
        _put_in_force(settings, policy)


def _settings_in_force() -> dict[str, object]:
    return {name: getattr(keras.config, name)() for name in DEFAULTS}


def _put_in_force(settings: dict[str, object], policy: object) -> None:
    for name, value in settings.items():
        getattr(keras.config, f"set_{name}")(value)
    # Without a policy layers follow floatx, until the first of them makes it the policy.
    global_state.set_global_attribute("dtype_policy", policy)


def _follow_no_settings() -> None:
    """Set Keras to its defaults, and say so where that is a change."""
    policy = global_state.get_global_attribute("dtype_policy")
    settings = {**_settings_in_force(), "dtype_policy": policy.name if policy else DEFAULT_POLICY}
    differences = describe_differences(settings)
    if differences:
        warnings.warn(
            f"Keras is set to {differences} (in keras.json, or by code that ran before): not followed, all "
            "networks are built and measured with Keras's defaults: channels_last, float32, epsilon 1e-07",
            SettingsWarning,
            stacklevel=2,
        )
    use_default_settings()


_follow_no_settings()


def use_threads(threads: int | None = None) -> int:
    """Let TensorFlow compute with ``threads`` threads; returns the number that is in force.

    None keeps what was chosen before, and is all cores where nothing was. Other backends choose for
    themselves. Raises TrainingError where TensorFlow has already started with another number.
    """
    if keras.backend.backend() != "tensorflow":
        return threads or available_threads()
    import tensorflow as tf

    threading = tf.config.threading
    chosen = threading.get_intra_op_parallelism_threads()
    if threads is None and chosen:
        return chosen
    wanted = threads or available_threads()
    if chosen == wanted:
        return wanted
    try:
        threading.set_intra_op_parallelism_threads(wanted)
        threading.set_inter_op_parallelism_threads(wanted)
    except RuntimeError:
        # It has started, and where nothing was chosen takes what its environment says, or all cores.
        named = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
        in_force = chosen or (int(named) if named.isdecimal() else 0) or available_threads()
        if threads not in (None, in_force):
            raise TrainingError(
                f"TensorFlow has already started in this process, with {in_force} threads, not {threads}: "
                "use a new process (in a notebook: restart the kernel and train first), or leave threads out"
            ) from None
        return in_force
    return wanted


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

    It is in time also where TensorFlow has started, as in a notebook: each graph is optimized at its first
    call. The threads are not, and stay as they are there.
    """
    if is_tensorflow_on_cpu():
        import tensorflow as tf

        tf.config.optimizer.set_jit(True)
    use_threads()


# Before the first operation of this process, which may be the building of a model.
_make_repeatable()


def is_deterministic() -> bool:
    """Whether training in this process repeats to the bit: TensorFlow on a CPU does, as set here."""
    if not is_tensorflow_on_cpu():
        return False
    import tensorflow as tf

    return bool(tf.config.optimizer.get_jit())  # a notebook or a network's code may have set it back
