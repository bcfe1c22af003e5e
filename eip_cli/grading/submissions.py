"""A folder of submissions: one subfolder each, and what in it is to be graded."""

import ast
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eip_cli.foundation.errors import EipError, in_one_line
from eip_cli.foundation.plain_text import show_plainly
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE, RECORD_FILE

MODEL_ENDINGS = (".h5", ".hdf5", ".keras")
# A run's own tables and state are no predictions.
RUNS_OWN = ("history.csv", "gallery.csv", "state.npz")
MOST_FILES = 1_000
LARGEST_CODE_BYTES = 1_000_000
# What a function that returns a network is usually called.
USUAL_FUNCTIONS = ("build_model", "make_model", "create_model", "get_model", "build", "model", "network")


@dataclass(frozen=True)
class Submission:
    """One subfolder, by a name that can be shown: what in it is graded, or why there is nothing.

    ``digest`` is over names, sizes and times of all its files: another one where anything was changed.
    ``kind`` is ``run``, ``checkpoint``, ``predictions`` or ``code``; ``code`` is the network's Python file,
    where there is one.
    """

    name: str
    folder: Path
    kind: str | None = None
    subject: Path | None = None
    code: Path | None = None
    problem: str | None = None
    digest: str = ""


def find_submissions(folder: Path) -> tuple[Submission, ...]:
    """The submissions in ``folder``, by name. Raises EipError where there is none."""
    try:
        subfolders = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise EipError(f"cannot read {folder}: {error.strerror or error}") from None
    found = tuple(_look_into(path) for path in subfolders if path.is_dir())
    if not found:
        raise EipError(f"{folder} has no subfolders: one is needed for each submission")
    return found


def find_subject(folder: Path) -> Path:
    """What in a submission's folder is to be checked, by the rules of ``find_submissions``.

    Raises EipError where there is nothing, or only code, which does not run unless it is named.
    """
    found = _look_into(folder)
    if found.problem is not None or found.subject is None:
        raise EipError(f"{folder}: {found.problem}")
    if found.kind == "code":
        raise EipError(f"{folder} has code alone: name its function, {found.subject.name}:build_model")
    return folder / found.subject.relative_to(found.folder)


def _look_into(folder: Path) -> Submission:
    """What is graded of one subfolder: a run, else a model file, else predictions, else code."""
    name, folder = show_plainly(folder.name), folder.absolute()  # else latest would be a run elsewhere
    if folder.is_symlink():
        return Submission(name, folder, problem="a link to another place, which is not followed")
    try:
        files = _list_files(folder)
        digest = _digest(folder, files)
    except (EipError, OSError) as error:
        return Submission(name, folder, problem=f"cannot be listed: {in_one_line(error)}")
    return replace(_choose_subject(name, folder, files), digest=digest)


def _digest(folder: Path, files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        status = path.lstat()
        line = f"{path.relative_to(folder)}\0{status.st_size}\0{status.st_mtime_ns}\n"
        digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _choose_subject(name: str, folder: Path, files: Sequence[Path]) -> Submission:
    if any(path.is_symlink() for path in files):
        return Submission(name, folder, problem="holds a link to another place, which is not followed")
    if not all(path.is_file() for path in files):
        return Submission(name, folder, problem="holds a pipe, a socket or a device, which is not read")
    code, reason = _choose([path for path in files if path.suffix == ".py"], ("model.py", "network.py"))
    runs = sorted({path.parent for path in files if path.name == RECORD_FILE})
    if runs:
        run, reason = _choose(runs, ())
        return Submission(name, folder, "run" if run else None, run, code, reason)
    models = [path for path in files if path.suffix.lower() in MODEL_ENDINGS]
    if models:
        usual = (FINAL_FILE, "final.keras", "model.h5", "model.keras", BEST_FILE)
        model, reason = _choose(models, usual)
        return Submission(name, folder, "checkpoint" if model else None, model, code, reason)
    tables = [path for path in files if path.suffix.lower() in (".npz", ".csv") and path.name not in RUNS_OWN]
    if tables:
        table, reason = _choose(tables, ("predictions.npz", "predictions.csv"))
        return Submission(name, folder, "predictions" if table else None, table, code, reason)
    if code is not None:
        return Submission(name, folder, "code", code, code)
    missing = "nothing to grade: no run, model file (.h5, .keras), predictions (.npz, .csv) or .py"
    return Submission(name, folder, problem=reason or missing)


def _list_files(folder: Path) -> list[Path]:
    """Files and links below ``folder``, hidden ones apart; links are not followed.

    Raises EipError where there are more than can be a submission's.
    """
    found: list[Path] = []
    number = 0
    waiting = [folder]
    while waiting:
        for path in sorted(waiting.pop(0).iterdir()):
            number += 1
            if number > MOST_FILES:
                raise EipError(f"more than {MOST_FILES:,} files")
            if path.name.startswith((".", "__")):
                continue
            if path.is_dir() and not path.is_symlink():
                waiting.append(path)
            else:
                found.append(path)
    return found


def _choose(paths: Sequence[Path], usual: Sequence[str]) -> tuple[Path | None, str | None]:
    """The only one, or the first with a usual name; else None, and why, where there are several."""
    for name in usual:
        named = [path for path in paths if path.name == name]
        if len(named) == 1:
            return named[0], None
    if len(paths) == 1:
        return paths[0], None
    if not paths:
        return None, None
    names = ", ".join(path.name for path in paths[:4]) + (", ..." if len(paths) > 4 else "")
    offer = f": call the one to grade {usual[0]}" if usual else ""
    return None, f"{len(paths)} of them, and which is meant is not clear ({names}){offer}"


def find_function(code: Path) -> str:
    """The function of a Python file that returns its network, found without running it.

    One with a usual name, or the only one that can be called with nothing, or with the shape of an image and
    the number of classes. Raises EipError where there is none.
    """
    if code.stat().st_size > LARGEST_CODE_BYTES:
        raise EipError(f"{code.name} is larger than {LARGEST_CODE_BYTES:,} bytes")
    try:
        tree = ast.parse(code.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise EipError(f"{code.name} is no Python: {error!s:.100}") from None
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and _is_callable(node)]
    names = [node.name for node in functions if not node.name.startswith("_")]
    chosen = next((name for name in USUAL_FUNCTIONS if name in names), None)
    if chosen is None and len(names) == 1:
        return names[0]
    if chosen is None:
        raise EipError(f"{code.name} has no function such as build_model() that returns its network")
    return chosen


def _is_callable(function: ast.FunctionDef) -> bool:
    arguments = function.args
    required = [*arguments.posonlyargs, *arguments.args]
    required = required[: len(required) - len(arguments.defaults)]
    known = all(argument.arg in ("input_shape", "classes", "num_classes") for argument in required)
    return known and all(default is not None for default in arguments.kw_defaults)
