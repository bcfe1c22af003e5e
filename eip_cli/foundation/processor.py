"""The processor that this process runs on."""

import contextlib
import importlib.metadata
import os
import platform
from pathlib import Path


def available_threads() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # absent on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor_name() -> str:
    """The processor's model, as the system names it."""
    # platform.processor() is empty on Linux, where the model stands in /proc/cpuinfo.
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def processor_features() -> str:
    """The processor's model and, where the system lists them, its sets of instructions."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("flags", "Features")):  # the latter on ARM
                return f"{processor_name()} {line.partition(':')[2].strip()}"
    return processor_name()


def may_have_accelerator() -> bool:
    """Whether the system shows a graphics processor that TensorFlow could use, without asking TensorFlow."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return False
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("tensorflow-metal")
        return True
    devices = ("nvidia[0-9]*", "kfd", "dxg")  # of NVIDIA, of AMD, and of either under Windows' Linux
    return any(any(Path("/dev").glob(pattern)) for pattern in devices)
