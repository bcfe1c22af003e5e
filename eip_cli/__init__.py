"""Small convolutional networks on CIFAR-10, measured honestly against a baseline.

The names below are the public Python API. Each is imported when it is first used, so that
importing the package costs nothing and starts no TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "BASELINE_ACCURACY": "baseline",
    "EipError": "errors",
    "TrainConfig": "protocol",
    "build_model": "model",
    "compare_with_baseline": "comparison",
    "evaluate_checkpoint": "assessment",
    "find_run": "runs",
    "kinked_rate": "schedule",
    "load_dataset": "data",
    "load_history": "frames",
    "open_model": "sources",
    "published_comparisons": "baseline",
    "resume_training": "session",
    "summarize_model": "inspection",
    "to_frame": "frames",
    "train_model": "session",
}

__all__ = [*_HOMES, "__version__"]

if TYPE_CHECKING:
    from .assessment import evaluate_checkpoint
    from .baseline import BASELINE_ACCURACY, published_comparisons
    from .comparison import compare_with_baseline
    from .data import load_dataset
    from .errors import EipError
    from .frames import load_history, to_frame
    from .inspection import summarize_model
    from .model import build_model
    from .protocol import TrainConfig
    from .runs import find_run
    from .schedule import kinked_rate
    from .session import resume_training, train_model
    from .sources import open_model


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
