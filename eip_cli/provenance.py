"""What a run was made with: versions, settings and the machine, as ``run.json`` keeps them."""

import contextlib
import importlib.metadata
import platform
from pathlib import Path

import psutil

from . import __version__
from .backend import keras
from .protocol import available_threads


def accelerator_names() -> list[str]:
    """The accelerators that the backend sees; empty on a CPU."""
    if keras.backend.backend() == "jax":
        import jax

        return [device.device_kind for device in jax.devices() if device.platform != "cpu"]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return [device.name for device in tf.config.list_physical_devices("GPU")]
    return []


def describe_versions() -> dict[str, str]:
    """Versions of what a training depends on, of those that are installed."""
    names = ("eip-cli", "keras", "tensorflow", "jax", "numpy", "h5py")
    versions = {"python": platform.python_version()}
    for name in names:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    versions["eip-cli"] = __version__
    return versions


def describe_hardware() -> dict[str, object]:
    """The machine: system, processor, usable cores, memory in bytes, accelerators."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor_name(),
        "cores": available_threads(),
        "memory_bytes": psutil.virtual_memory().total,
        "accelerators": accelerator_names(),
    }


def _processor_name() -> str:
    # platform.processor() is empty on Linux, where the model stands in /proc/cpuinfo.
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
