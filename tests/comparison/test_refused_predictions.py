"""Files of predictions that cannot be true, are damaged, or were made to harm: one line each."""

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from eip_cli.cli import cli
from eip_cli.comparison.evaluation.predictions_file import (
    assess_predictions,
)
from eip_cli.datasets.dataset import Dataset
from eip_cli.foundation.errors import CheckpointError
from tests.support.predictions import (
    ANIMALS,
    DIGITS,
    LABELS,
    PREDICTED,
    ROWS,
    N,
    classes,
    write_csv,
    write_npz,
)


def refusal_of(path: str, dataset: Dataset = DIGITS) -> str:
    with pytest.raises(CheckpointError) as caught:
        assess_predictions(path, dataset)
    message = str(caught.value)
    assert message.startswith(path)
    assert "\n" not in message
    assert len(message) < 400
    return message


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="eip")


def test_a_file_that_shows_no_order_is_taken_at_its_word_above_chance_only() -> None:
    (note,) = assess_predictions(write_npz(probabilities=ROWS, labels_sha256=None), DIGITS).evaluation.notes
    assert note == "the file does not say of which images it is (labels_sha256, or a column true)"
    shuffled = np.random.default_rng(1).permutation(ROWS)
    assert "probably the images were in another order (shuffle=False keeps it)" in refusal_of(
        write_npz(probabilities=shuffled, labels_sha256=None)
    )
    assert assess_predictions(write_npz(probabilities=shuffled), DIGITS).evaluation.accuracy < 0.15


def change(array: np.ndarray, *place: int, to: float) -> np.ndarray:
    changed = array.copy()
    changed[place] = to
    return changed


OTHER_HASH = hashlib.sha256(bytes(sorted(LABELS.tolist()))).hexdigest()
HASH_OF_INT64 = hashlib.sha256(LABELS.astype("int64").tobytes()).hexdigest()
LOGITS = np.log(ROWS) + 3
RIGHT = next(image for image in range(N) if PREDICTED[image] == LABELS[image])
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "fewer rows": ({"probabilities": ROWS[1:]}, "float32 of shape (354, 10), where floating-point numbers"),
    "fewer labels": (
        {"labels": PREDICTED[1:]},
        "of shape (354,), where whole numbers of shape (355,) belong",
    ),
    "more classes": ({"probabilities": np.ones((N, 100), "f4") / 100}, "of shape (355, 100), where"),
    "turned about": ({"probabilities": ROWS.T}, "of shape (355, 10) belong: a row for each of digits's test"),
    "logits": ({"probabilities": LOGITS}, "these look like logits: apply softmax before saving"),
    "logarithms": ({"probabilities": np.log(ROWS)}, "these are logarithms of probabilities: take their exp"),
    "sigmoids": ({"probabilities": np.sqrt(ROWS)}, "the row of image 0 sums to"),
    "a sum of 1.002": ({"probabilities": ROWS * 1.002}, "sums to 1.002, where probabilities sum to 1"),
    "a negative number": (
        {"probabilities": change(ROWS, 9, 0, to=-1)},
        "row of image 9 has the negative number -1",
    ),
    "whole numbers": ({"probabilities": np.eye(10, dtype=int)[PREDICTED]}, "probabilities is int64 of shape"),
    "a class of 10": ({"labels": change(PREDICTED, 5, to=10)}, "the class of image 5 is 10, where those of"),
    "a class of -2": ({"labels": change(PREDICTED, 5, to=-2)}, "the class of image 5 is -2"),
    "labels as floats": (
        {"labels": PREDICTED.astype("f4")},
        "labels is float32 of shape (355,), where whole",
    ),
    "true labels": (
        {"probabilities": ROWS, "labels": LABELS},
        "by its probabilities: the class belongs to the largest of them (it is the predicted one, not",
    ),
    "a class without numbers": (
        {"probabilities": change(ROWS, RIGHT, 0, to=np.inf), "labels": PREDICTED},
        f"image {RIGHT} is {LABELS[RIGHT]} by its predicted class, no class by its probabilities",
    ),
    "another order": ({"labels": PREDICTED, "labels_sha256": OTHER_HASH}, "or for the same in another order"),
    "a hash of int64": (
        {"labels": PREDICTED, "labels_sha256": HASH_OF_INT64},
        "of several bytes each, where one byte belongs: write hashlib.sha256(bytes(test_set.targets))",
    ),
    "no hash": ({"labels": PREDICTED, "labels_sha256": "yes"}, "labels_sha256 is 'yes', which is no SHA-256"),
    "a hash of numbers": ({"labels": PREDICTED, "labels_sha256": 5}, "labels_sha256 is int64 of shape ()"),
    "a long hash": ({"labels": PREDICTED, "labels_sha256": "0" * 999}, "<U999"),
    "no parameters": ({"labels": PREDICTED, "parameters": 0}, "parameters is 0, which no network has"),
    "half a parameter": ({"labels": PREDICTED, "parameters": 0.5}, "parameters is float64"),
    "neither": ({"logits": LOGITS}, "holds labels_sha256, logits, but neither probabilities (355 x 10) nor"),
    "objects": ({"probabilities": np.array([{}] * N)}, "probabilities is object of shape (355,)"),
    "too much else": ({"labels": PREDICTED, "images": np.zeros(2**23)}, "is larger than predictions of"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_predictions_for_these_images_is_refused_in_one_line(what: str) -> None:
    arrays, message = REFUSED[what]
    assert message in refusal_of(write_npz(**arrays))


WORDS = np.array(ANIMALS.class_names)
REFUSED_CSV: dict[str, tuple[dict[str, Any], str]] = {
    "fewer rows": ({"predicted": PREDICTED[1:]}, "has 354 rows, where animals has 355 test images"),
    "other images": (
        {"true": change(LABELS, RIGHT, to=(LABELS[RIGHT] + 1) % 10), "predicted": PREDICTED},
        f"image {RIGHT} is of {WORDS[(LABELS[RIGHT] + 1) % 10]} in its column true, and of "
        f"{WORDS[LABELS[RIGHT]]} in animals",
    ),
    "another class": (
        {"predicted": ["cow"] * N},
        "the predicted class of image 0 is 'cow', where animals has",
    ),
    "no true class": ({"true": [""] * N, "predicted": PREDICTED}, "the true class of image 0 is ''"),
    "a class missing": (dict(list(classes().items())[1:]), "has columns for 9 classes, where animals has 10"),
    "a class too many": ({**classes(), "10": LABELS}, "has a column 10, where animals has 10 classes"),
    "a class twice": ({**classes(), "cat": LABELS}, "has two columns for cat"),
    "a word for a number": ({**classes(), "3": ["0,5"] * N}, "row of image 0 has '0,5' for a probability"),
    "nothing": ({"id": range(N)}, "neither a column predicted nor one for each class (cat to rat), but id"),
    "semicolons": ({"true;predicted": range(N)}, "it is no file of predictions; separate columns by commas"),
    "logits": (classes(LOGITS), "these look like logits"),
    "shuffled": ({"predicted": (LABELS + 1) % 10}, "in another order"),
    "far too long": ({"predicted": PREDICTED, "why": ["x" * 2000] * N}, "is larger than predictions of"),
}


@pytest.mark.parametrize("what", REFUSED_CSV)
def test_a_table_that_cannot_be_of_these_images_is_refused_in_one_line(what: str) -> None:
    columns, message = REFUSED_CSV[what]
    assert message in refusal_of(write_csv(**columns), ANIMALS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no CSV of predictions (nothing stands in it)"),
        (b"\xff\xfe\x00", "no CSV of predictions ('utf-8' codec"),
        (b"predicted,a\n1\n", "the row of image 0 has 1 cells, where the header has 2"),
        (b'predicted\n"' + b"x" * 140_000, "no CSV of predictions (field larger than field limit"),
        (b"\x1b[2J,\n1,2\n", "but \\x1b[2j, : it is no file"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(content: bytes, message: str) -> None:
    Path("p.csv").write_bytes(content)
    assert message in refusal_of("p.csv")


class Payload:
    """What a pickle runs as it is opened."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return Path.touch, (Path("it-ran"),)  # type: ignore[return-value]


def npy_header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


HOSTILE: dict[str, list[bytes]] = {
    "a huge shape": [npy_header("{'descr':'<f4','fortran_order':False,'shape':(4294967296,10)}")],
    "fewer bytes": [npy_header(f"{{'descr':'<f4','fortran_order':False,'shape':({N},10)}}") + bytes(99)],
    "a structure": [npy_header(f"{{'descr':[('a','<f4')],'fortran_order':False,'shape':({N},10)}}")],
    "code": [npy_header("__import__('pathlib').Path('it-ran').touch()")],
    "minus signs": [npy_header("-" * 4000 + "1")],
    "twice": [npy_header(f"{{'descr':'<f8','fortran_order':False,'shape':({N},10)}}") + bytes(80 * N)] * 2,
    "no header": [b"PK"],
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_forged_array_is_refused_in_one_line(what: str) -> None:
    with zipfile.ZipFile("p.npz", "w") as archive:
        for content in HOSTILE[what]:
            archive.writestr("probabilities.npy", content)
    message = refusal_of("p.npz")
    assert "probabilities is " in message or "is damaged, or no .npz of predictions" in message
    assert ("more than once" in message) == (what == "twice")
    assert not Path("it-ran").exists()


def test_a_pickle_in_an_array_is_not_opened() -> None:
    np.savez("p.npz", probabilities=np.array([[Payload()] * 10] * N, dtype=object))
    assert "probabilities is object of shape (355, 10)" in refusal_of("p.npz")
    np.savez("q.npz", probabilities=ROWS, labels_sha256=np.array(Payload(), dtype=object))
    assert "labels_sha256 is object of shape ()" in refusal_of("q.npz")
    assert not Path("it-ran").exists()


def test_little_that_unpacks_to_much_is_refused() -> None:
    with zipfile.ZipFile("p.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        header = npy_header(f"{{'descr':'<f4','fortran_order':False,'shape':({N},10)}}")
        archive.writestr("probabilities.npy", header + bytes(10**8))
    assert Path("p.npz").stat().st_size < 200_000
    assert "probabilities is too large" in refusal_of("p.npz")


def test_what_is_no_archive_or_cut_off_is_refused() -> None:
    whole = Path(write_npz(probabilities=ROWS)).read_bytes()
    for content in (b"", b"<html>", whole[:-1], whole[: len(whole) // 2], whole[:40] + whole[60:]):
        Path("p.npz").write_bytes(content)
        assert "is damaged, or no .npz of predictions" in refusal_of("p.npz")
    Path("folder.npz").mkdir()
    assert "is not a file" in refusal_of("folder.npz")


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        ("gallery p.npz --grad-cam", 1, "p.npz is a file of predictions: Grad-CAM looks into a network"),
        (
            "gallery p.npz --model separable",
            2,
            "--model is about a network, and p.npz is a file of predictions",
        ),
        ("gallery p.npz --against p.npz --pixels 0-255", 2, "--pixels is about a network"),
        ("evaluate p.npz --trust", 2, "--trust is about a network"),
        ("evaluate p.npz --params 0", 2, "0 is not in the range"),
        ("evaluate latest --params 5", 2, "--params states what one file of predictions"),
        ("compare-baseline --params 5", 2, "--params states what one file of predictions"),
        ("compare-baseline p.npz p.npz --params 5", 2, "--params states what one file of predictions"),
        ("compare-baseline p.npz --trust", 2, "--trust is about a network"),
        ("compare-baseline missing.npz --data-dir nowhere", 1, "nowhere"),
        ("evaluate missing.npz --dataset digits", 1, "no file missing.npz"),
        ("evaluate p.npz --dataset digits --write-predictions p.npz", 1, "p.npz exists"),
        ("evaluate p.npz --dataset digits --write-predictions q.txt", 1, "cannot write q.txt: use an ending"),
        ("evaluate p.npz --dataset digits --write-predictions no/q.csv", 1, "there is no folder no"),
        ("predict p.npz p.npz", 1, "a zip archive of NumPy arrays"),
    ],
)
def test_options_that_do_not_apply_are_refused(command: str, status: int, message: str) -> None:
    write_npz(probabilities=ROWS)
    result = eip(*command.split())
    assert (result.exit_code, message in " ".join(result.stderr.split())) == (status, True), result.stderr
