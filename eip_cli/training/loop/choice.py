"""Which way a training's steps are taken: the one place where that is decided, before the first of them.

Where Keras computes on an accelerator, all images lie in its memory and many steps are one call; on a CPU
steps are taken one by one. EIP_RESIDENT_LOOP=on has calls of many steps on a CPU too, as tests need it (it is
not faster there), and ``off`` has single steps everywhere.
"""

import os

from eip_cli.foundation.backend import accelerator_names, keras
from eip_cli.foundation.errors import TrainingError, in_one_line
from eip_cli.training.resident.resident_loop import Program, ResidentLoop

from .parts import Loop, Parts
from .stepwise import StepwiseLoop

SETTING = "EIP_RESIDENT_LOOP"


def keeps_images_on_device() -> bool:
    """Whether images are made there where the network is computed, and not in NumPy."""
    return bool(accelerator_names()) or _setting() == "on"


def choose_loop(parts: Parts) -> tuple[Loop, str | None]:
    """The loop for ``parts``; and why steps are taken one by one where they were to be calls of many.

    The steps of a call are traced here, so that what cannot be traced is known before anything is trained.
    """
    if not keeps_images_on_device() or _setting() == "off":
        return StepwiseLoop(parts), None
    if _is_distributed(parts):
        return StepwiseLoop(parts), "the network is spread over several devices"
    loop = ResidentLoop(parts, _make_program(parts))
    try:
        loop.rehearse()
    except Exception as error:  # whatever a layer or an optimizer of the user's own does in a loop's graph
        return StepwiseLoop(parts), f"{type(error).__name__}: {in_one_line(error):.200}"
    return loop, None


def _setting() -> str | None:
    setting = os.environ.get(SETTING) or None
    if setting not in (None, "on", "off"):
        raise TrainingError(f"{SETTING} is {setting!r:.60}: use on or off, or unset it")
    return setting


def _is_distributed(parts: Parts) -> bool:
    if keras.distribution.distribution() is not None:
        return True
    strategy = getattr(parts.stepper, "distribute_strategy", None)
    return strategy is not None and strategy.num_replicas_in_sync > 1


def _make_program(parts: Parts) -> Program:
    # Each imports its backend, of which the other may not be installed.
    if keras.backend.backend() == "jax":
        from eip_cli.training.resident.on_jax import JaxProgram

        return JaxProgram(parts)
    from eip_cli.training.resident.on_tensorflow import TensorflowProgram

    return TensorflowProgram(parts)
