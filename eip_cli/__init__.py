"""Small convolutional networks on CIFAR-10, measured honestly against a baseline.

The names below are the public Python API. Each is imported when it is first used, so that
importing the package costs nothing and starts no TensorFlow.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from .foundation.version import __version__

_HOMES = {
    "BASELINE_ACCURACY": "published.baseline",
    "EipError": "foundation.errors",
    "TrainConfig": "recipes.configuration",
    "build_model": "networks.model",
    "collect_gallery": "inspection.checkpoint_gallery",
    "compare_with_baseline": "comparison.baseline_comparison",
    "evaluate_checkpoint": "comparison.evaluation.subjects",
    "find_run": "runs.catalogue",
    "kinked_rate": "recipes.schedules",
    "load_dataset": "datasets.loading",
    "load_history": "display.data_frames",
    "open_model": "checkpoints.opening",
    "predict_pictures": "inspection.predictions",
    "published_comparisons": "comparison.row",
    "resume_training": "training.session",
    "summarize_model": "networks.summary",
    "to_frame": "display.data_frames",
    "train_model": "training.session",
}

__all__ = [*_HOMES, "__version__"]

if TYPE_CHECKING:
    from .checkpoints.opening import open_model
    from .comparison.baseline_comparison import compare_with_baseline
    from .comparison.evaluation.subjects import evaluate_checkpoint
    from .comparison.row import published_comparisons
    from .datasets.loading import load_dataset
    from .display.data_frames import load_history, to_frame
    from .foundation.errors import EipError
    from .inspection.checkpoint_gallery import collect_gallery
    from .inspection.predictions import predict_pictures
    from .networks.model import build_model
    from .networks.summary import summarize_model
    from .published.baseline import BASELINE_ACCURACY
    from .recipes.configuration import TrainConfig
    from .recipes.schedules import kinked_rate
    from .runs.catalogue import find_run
    from .training.session import resume_training, train_model


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
