"""What a run was made with: versions, settings and the machine, as ``run.json`` keeps them."""

import contextlib
import importlib.metadata
import os
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import psutil

from eip_cli.foundation.compiled_programs.settings import (
    FLAGS,
    SETTING,
    without_cache,
    without_cache_of_this_program,
)
from eip_cli.foundation.processor import available_threads, processor_name
from eip_cli.foundation.version import __version__

# Settings of Keras, TensorFlow, oneDNN, XLA and JAX that change what a training computes, and the one that
# changes how soon it begins, by the beginnings of their names. Threads and devices are not among them: a run
# records those that it had.
SETTING_PREFIXES = (
    SETTING,
    "EIP_RESIDENT_LOOP",
    "KERAS_BACKEND",
    "TF_CPU_",
    "TF_ENABLE_",
    "TF_DETERMINISTIC",
    "TF_ONEDNN_",
    "TF_XLA_",
    "ONEDNN_",
    "DNNL_",
    "XLA_",
    "JAX_",
)


def describe_environment() -> dict[str, str]:
    """The environment's settings in force that change what a training computes, or how long that takes.

    Without the folder in which this process keeps compiled programs: it is no other process's.
    """
    settings = {name: os.environ[name] for name in sorted(os.environ) if name.startswith(SETTING_PREFIXES)}
    return _with_flags(settings, without_cache_of_this_program(settings.get(FLAGS, "")))


def computing_settings(environment: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings of a run's ``environment`` that its bits depend on: all but where programs are kept."""
    settings = {name: value for name, value in environment.items() if name != SETTING}
    return _with_flags(settings, without_cache(str(settings.get(FLAGS, ""))))


def _with_flags(settings: dict[str, Any], flags: str) -> dict[str, Any]:
    others = {name: value for name, value in settings.items() if name != FLAGS}
    return {**others, FLAGS: flags} if flags else others


def describe_versions() -> dict[str, str]:
    """Versions of what a training depends on, of those that are installed."""
    names = ("eip-cli", "keras", "tensorflow", "jax", "numpy", "h5py")
    versions = {"python": platform.python_version()}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    versions["eip-cli"] = __version__
    return versions


def describe_hardware(accelerators: Sequence[str]) -> dict[str, object]:
    """The machine: system, processor, usable cores, memory in bytes, and the accelerators that Keras sees."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": processor_name(),
        "cores": available_threads(),
        "memory_bytes": psutil.virtual_memory().total,
        "accelerators": list(accelerators),
    }
