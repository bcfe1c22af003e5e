"""What a user's own code raised -> the one line that says why, and where in their file.

What fails later, in a layer of a user's own as it trains, is put in words here too.
"""

import re
import sys
import traceback
from importlib.util import find_spec
from pathlib import Path

from eip_cli.foundation.errors import in_one_line

MOST_CHARACTERS = 300
SHORT_LINE = 80
# Keras's first line when a layer fails; the reason is the paragraph after it, the arguments come last.
_KERAS_PREFACE = re.compile(
    r"^Exception encountered when calling .*?\n\s*(?P<reason>.*?)\s*(\n\s*Arguments received by .*)?$", re.S
)
_ARGUMENTS = re.compile(r"\n\s*Arguments received by .*", re.S)
# What comes before the matter in messages of many lines, such as those of traced TensorFlow functions.
_PREFACES = (
    "in user code:",
    "Graph execution error",
    "Detected at node",
    "Traceback (most recent call last)",
)
_TENSORFLOW_NODE = re.compile(r"^\s*\{\{function_node .*?\}\} ", re.M)
_TERMINAL_CODES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Modules that are installed under another name than they are imported by.
_PACKAGES = {"cv2": "opencv-python", "PIL": "pillow", "sklearn": "scikit-learn", "yaml": "pyyaml"}

_own_files: dict[Path, str] = {}


def remember_code(file: Path, spec: str) -> None:
    """Note that the code in ``file``, and beside it, is run for the network ``spec``."""
    _own_files[file.resolve()] = spec


def describe_failure(error: BaseException, file: Path | None) -> str:
    """``ValueError: the reason (net.py:12)`` in one line of bounded length; ``file`` is the user's."""
    return f"{type(error).__name__}: {_reason(error)}{_place(error, file)}{_advice(error, file)}"


def blame_users_code(error: BaseException) -> str | None:
    """What failed in a user's code that this process runs, in one line; None where it was not theirs."""
    for file, spec in _own_files.items():
        if _own_frames(error, file):
            return f"{spec} failed with {describe_failure(error, file)}"
    return None


def _reason(error: BaseException) -> str:
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # a stranger's class may not even describe itself
        text = ""
    text = _TENSORFLOW_NODE.sub("", _TERMINAL_CODES.sub("", text or ""))
    while (wrapped := _KERAS_PREFACE.match(text)) and wrapped["reason"]:  # a layer in a model in a model
        text = wrapped["reason"]
    text = _ARGUMENTS.sub("", text).rpartition("Error encountered:\n")[2]  # Keras on a layer's own shape
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and lines[0].startswith(_PREFACES):
        lines = lines[-1:]
    whole = in_one_line(" ".join(lines))
    if len(whole) > MOST_CHARACTERS and len(lines) > 1:
        is_introduction = lines[0].endswith(":") and len(lines[0]) < SHORT_LINE
        whole = in_one_line(lines[1] if is_introduction else lines[0])
    whole = in_one_line("".join(character if character.isprintable() else " " for character in whole))
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return f"it takes more memory than there is ({_cut(whole) or 'no message'})"
    return _cut(whole) or "(no message)"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."


def _place(error: BaseException, file: Path | None) -> str:
    """Where in the user's own code: the innermost line of theirs."""
    if isinstance(error, SyntaxError) and error.filename:
        line = f":{error.lineno}" if error.lineno else ""
        return f" ({Path(error.filename).name}{line})"
    frames = _own_frames(error, file) if file is not None else []
    return f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""


def _own_frames(error: BaseException, file: Path) -> list[traceback.FrameSummary]:
    """The frames in ``file`` and in the files around it, where those are no installed packages."""
    folder = file.resolve().parent
    frames = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename)
        is_installed = "site-packages" in path.parts or path.is_relative_to(sys.prefix)
        if path == file.resolve() or (path.is_relative_to(folder) and not is_installed):
            frames.append(traceback.FrameSummary(str(path), line, frame.f_code.co_name, lookup_line=False))
    return frames


def _advice(error: BaseException, file: Path | None) -> str:
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    top = error.name.partition(".")[0]
    try:
        is_there = find_spec(top) is not None
    except (ImportError, ValueError):
        is_there = False
    if file is None and not is_there:  # it is the network's own module that is not found
        return f": there is no {top}.py and no folder {top} here"
    return "" if is_there else f": pip install {_PACKAGES.get(top, top)}, or put its file beside yours"
