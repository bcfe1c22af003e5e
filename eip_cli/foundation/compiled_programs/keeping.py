"""Have TensorFlow keep what XLA compiles in this process, for the next one that trains or measures.

Without it a training of the separable network compiles 84 programs in its first epoch, in every process. The
programs are the same, and so are the bits. ``EIP_COMPILE_CACHE=off`` leaves it out, and a user's own
``--tf_xla_persistent_cache_directory`` in TF_XLA_FLAGS takes its place.
"""

import atexit
import hashlib
import os
from pathlib import Path

from eip_cli.foundation.cache_folder import cache_dir
from eip_cli.foundation.processor import available_threads, may_have_accelerator, processor_features

from .loan import Loan, open_loan
from .settings import FLAGS, SETTING, names_cache, without_cache, without_cache_of_this_program
from .store import ProgramStore

_OFF = ("off", "0", "no", "false")

_loan: Loan | None = None
_store: ProgramStore | None = None


def programs_dir() -> Path:
    """Where compiled programs are kept."""
    return cache_dir() / "programs"


def set_programs_folder() -> None:
    """Name a folder of this process's own to TensorFlow, which must not have been imported.

    TensorFlow heeds it as soon as it looks for devices, and would end a training where it cannot write there:
    so where nothing can be kept, none is named. On a GPU XLA compiles for that, which is not tried here.
    """
    global _loan
    others = without_cache_of_this_program(os.environ.get(FLAGS, "")).strip()
    _set_flags(others)  # a parent's folder is not this process's
    if os.environ.get(SETTING, "").lower() in _OFF or may_have_accelerator():
        return
    # What does not begin with a dash is a file with flags, to which none can be added.
    if names_cache(others) or (others and not others.startswith("-")):
        return
    _loan = open_loan(programs_dir())
    if _loan is not None:
        atexit.register(_loan.end)
        _set_flags(f'{others} --tf_xla_persistent_cache_directory="{_loan.folder}"'.strip())
        os.environ[SETTING] = "on"


def keep_compiled_programs() -> None:
    """Have the programs of other processes used in this one, and this one's kept.

    Before the first training or measurement: what only looks at a network compiles nothing.
    """
    global _store
    if _loan is not None and _store is None:
        _store = ProgramStore(programs_dir() / _name_conditions())
        _loan.take(_store)
        atexit.register(share_compiled_programs)  # which comes before the folder's end


def share_compiled_programs() -> None:
    """Let other processes have what this one has compiled so far, even if it is killed."""
    if _loan is not None and _store is not None:
        _loan.share(_store)


def _set_flags(flags: str) -> None:
    if flags:
        os.environ[FLAGS] = flags
    else:
        os.environ.pop(FLAGS, None)


def _name_conditions() -> str:
    """A name for all that the machine code depends on and TensorFlow's own names for programs do not say.

    Those do say how many threads a program is for, but not how many cores there are.
    """
    import tensorflow as tf

    flags = without_cache(os.environ.get(FLAGS, ""))
    conditions = (
        tf.version.GIT_VERSION,
        processor_features(),
        available_threads(),
        os.environ.get("XLA_FLAGS"),
        flags,
    )
    digest = hashlib.sha256(repr(conditions).encode()).hexdigest()
    return f"tensorflow-{tf.version.VERSION}-{digest[:16]}"
