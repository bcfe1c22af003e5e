"""What computes here: versions, backend, devices, threads, and the settings that they heed."""

import os
from collections.abc import Iterator

from eip_cli.foundation.compiled_programs.settings import SETTING
from eip_cli.foundation.errors import BackendError
from eip_cli.foundation.keras_settings import keras_home
from eip_cli.runs.provenance import describe_environment, describe_hardware, describe_versions

from .finding import Finding, plain

# Beside those that a run records, which change what is computed: where things are, and how much is used.
OTHER_SETTINGS = (
    *("EIP_CACHE_DIR", "EIP_DATA_DIR", SETTING, "KERAS_HOME", "TF_CPP_MIN_LOG_LEVEL"),
    *("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"),
)


def find_versions() -> list[Finding]:
    """Of this program and what it computes with."""
    return [plain("versions", name, version) for name, version in describe_versions().items()]


def find_computing() -> Iterator[Finding]:
    """The backend, started, and what it computes on."""
    try:
        from eip_cli.foundation.backend import accelerator_names, is_deterministic, keras, use_threads
    except BackendError as error:
        yield Finding("computing", "backend", None, "cannot be started", str(error))
        return
    hardware = describe_hardware(accelerator_names())
    yield plain("computing", "backend", keras.backend.backend())
    yield plain("computing", "processor", hardware["processor"])
    accelerators = accelerator_names()
    yield Finding("computing", "accelerators", accelerators, ", ".join(accelerators) or "none")
    yield plain("computing", "cores", hardware["cores"])
    yield plain("computing", "threads", use_threads())
    repeats = is_deterministic()
    yield Finding("computing", "deterministic", repeats, "to the bit" if repeats else "not promised")
    memory = hardware["memory_bytes"]
    assert isinstance(memory, int)
    yield Finding("computing", "memory_bytes", memory, f"{memory / 1e9:,.1f} GB")


def find_settings() -> Iterator[Finding]:
    """What the environment and keras.json say, once the backend is there."""
    others = {name: os.environ[name] for name in OTHER_SETTINGS if name in os.environ}
    for name, value in sorted((describe_environment() | others).items()):
        yield plain("settings", name, value)
    if (file := keras_home() / "keras.json").exists():
        yield Finding("settings", "keras.json", str(file), f"{file}, of which the backend is followed")
