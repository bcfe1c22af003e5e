"""What the user's environment and keras.json ask of Keras, and what this program makes of it.

Every number here is one of Keras's own defaults (channels_last, float32, epsilon 1e-7): the known networks
and the images are channels_last, and an accuracy under another epsilon or precision would stand beside 82.44
unmarked. So keras.json chooses the backend alone, which a run records; its other settings are not followed,
and said once. (To record them instead would leave every known network to be rebuilt and compared under each.)
What a user's own code sets in its file holds for the network it builds, and for no other.
"""

import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path

from .errors import BackendError

BACKENDS = ("tensorflow", "jax")
DEFAULT_POLICY = "float32"
DEFAULTS = {"image_data_format": "channels_last", "floatx": "float32", "epsilon": 1e-7}
# What Keras itself accepts; of anything else in keras.json it dies at its import.
_ACCEPTED = {
    "image_data_format": lambda value: value in ("channels_last", "channels_first"),
    "floatx": lambda value: value in ("float16", "float32", "float64"),
    "epsilon": lambda value: isinstance(value, float),
    "backend": lambda value: isinstance(value, str),
}


@dataclass(frozen=True)
class Request:
    """What is asked of Keras: a backend and where it is named, and a line for the user, if there is one."""

    backend: str
    named_by: str = "KERAS_BACKEND"
    notice: str | None = None


def keras_home() -> Path:
    """Keras's own folder, as Keras finds it: KERAS_HOME, else ``.keras`` in the user's home."""
    named = os.environ.get("KERAS_HOME")
    if named is not None:
        return Path(named).expanduser()
    home = os.path.expanduser("~")  # noqa: PTH111  # Path.home() raises where there is none
    return Path(home if os.access(home, os.W_OK) else "/tmp") / ".keras"  # noqa: S108  # Keras's own choice


def read_request() -> Request:
    """The backend that KERAS_BACKEND, or else keras.json, names; TensorFlow where neither does.

    Raises BackendError where it cannot be had, and for a keras.json that would stop Keras itself.
    """
    path = keras_home() / "keras.json"
    settings, notice = _read_settings(path)
    named = os.environ.get("KERAS_BACKEND")
    if named:
        request = Request(named, notice=notice)
    else:
        request = Request(settings.get("backend", "tensorflow"), str(path), notice)
    _require_backend(request)
    return request


def describe_differences(settings: dict[str, object]) -> str:
    """``image_data_format channels_first and epsilon 0.001``; empty where all are Keras's defaults."""
    defaults = {**DEFAULTS, "dtype_policy": DEFAULT_POLICY}
    return " and ".join(f"{name} {value}" for name, value in settings.items() if value != defaults[name])


def _read_settings(path: Path) -> tuple[dict[str, str], str | None]:
    """The content of keras.json, checked as Keras checks it, and a line where Keras passes it over."""
    if not path.exists():
        return {}, None
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BackendError(f"cannot read {path}: {error.strerror}: mend or remove it") from None
    except (ValueError, RecursionError):
        return {}, f"{path} is damaged and not followed: mend or remove it"
    if not isinstance(settings, dict):
        raise BackendError(f"{path} holds no settings: mend or remove it")
    for name, accepts in _ACCEPTED.items():
        if name in settings and not accepts(settings[name]):
            raise BackendError(
                f"{path} has {name} {json.dumps(settings[name]):.60}, which Keras does not take: "
                "mend or remove it"
            )
    return settings, None


def _require_backend(request: Request) -> None:
    name, source = request.backend, request.named_by
    back = "unset it" if source == "KERAS_BACKEND" else 'set "backend": "tensorflow" there'
    if name not in BACKENDS:
        choices = " or ".join(BACKENDS)
        raise BackendError(
            f"{source} names the backend {name!r:.60}: this program computes with {choices}; {back}"
        )
    if importlib.util.find_spec(name) is None:
        raise BackendError(
            f"{source} names the backend {name}, which is not installed: pip install {name}, or {back}"
        )
