"""Files of predictions in a checkpoint's place: the same numbers, and one line where they cannot be true."""

import csv
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from eip_cli.cli import cli
from eip_cli.comparison.baseline_comparison import compare_with_baseline
from eip_cli.comparison.evaluation.answers import read_answers
from eip_cli.comparison.evaluation.predictions_file import (
    assess_predictions,
    is_predictions_name,
    write_predictions,
)
from eip_cli.comparison.evaluation.results import Assessment
from eip_cli.comparison.statistics import mcnemar_p_value
from eip_cli.datasets.dataset import Dataset
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.errors import CheckpointError
from tests.support.places import ROOT

DIGITS = load_dataset("digits")
LABELS = DIGITS.test_labels
N = len(LABELS)
ANIMALS = replace(
    DIGITS,
    name="animals",
    class_names=("cat", "dog", "owl", "bee", "ant", "elk", "fox", "hen", "pig", "rat"),
)
SHA256 = hashlib.sha256(bytes(LABELS.tolist())).hexdigest()


def make_probabilities(right: float = 0.8, seed: int = 0) -> np.ndarray:
    """Rows of float32 that sum to one, of which about ``right`` are largest at the true class."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(N, 10))
    scores[np.arange(N), LABELS] += np.where(random.random(N) < right, 6, -6)
    rows = np.exp(scores)
    return (rows / rows.sum(axis=1, keepdims=True)).astype("float32")


ROWS = make_probabilities()
PREDICTED = ROWS.argmax(axis=1)


def write_npz(path: Path | str = "p.npz", **arrays: Any) -> str:
    given = {"labels_sha256": SHA256} | arrays
    np.savez(path, **{name: value for name, value in given.items() if value is not None})
    return str(path)


def write_csv(path: Path | str = "p.csv", **columns: Any) -> str:
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    return str(path)


def classes(rows: np.ndarray = ROWS, names: tuple[str, ...] = DIGITS.class_names) -> dict[str, Any]:
    return {name: rows[:, at] for at, name in enumerate(names)}


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


def assert_same(one: Assessment, other: Assessment) -> None:
    ours, theirs = one.evaluation, other.evaluation
    assert ours.confusion_matrix == theirs.confusion_matrix
    assert (ours.accuracy, ours.accuracy_ci95, ours.per_class) == (
        theirs.accuracy,
        theirs.accuracy_ci95,
        theirs.per_class,
    )
    assert ours.loss == (None if theirs.loss is None else pytest.approx(theirs.loss, rel=1e-6))
    assert one.images == other.images
    assert np.array_equal(one.is_correct, other.is_correct)


def test_names_of_predictions_are_known_by_their_ending() -> None:
    Path("folder.csv").mkdir()
    assert all(map(is_predictions_name, ["a.npz", "runs/A.CSV", "not/there.csv"]))
    assert not any(map(is_predictions_name, ["a.h5", "latest", "folder.csv", "npz"]))


def test_the_numbers_are_those_of_the_definitions() -> None:
    found = assess_predictions(write_npz(probabilities=ROWS), DIGITS).evaluation
    assert found.accuracy == (PREDICTED == LABELS).mean()
    rows = ROWS.astype("float64")
    rows /= rows.sum(axis=1, keepdims=True)
    assert found.loss == pytest.approx(-np.log(rows[np.arange(N), LABELS]).mean(), rel=1e-9)
    assert found.confusion_matrix[3][5] == np.count_nonzero((LABELS == 3) & (PREDICTED == 5))
    assert (found.params, found.params_stated, found.pixels, found.selected_on) == (
        None,
        False,
        None,
        "unknown",
    )
    assert (found.notes, found.n, found.model) == ((), N, "p.npz")


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", ">f4"])
def test_numbers_of_any_width_and_order_in_memory_are_read(kind: str) -> None:
    path = write_npz(probabilities=np.asfortranarray(ROWS.astype(kind)), labels=PREDICTED.astype("u1"))
    found = assess_predictions(path, DIGITS)
    assert np.array_equal(found.read_answers().predictions, PREDICTED)
    assert found.evaluation.loss == pytest.approx(
        assess_predictions(write_npz("q.npz", probabilities=ROWS), DIGITS).evaluation.loss, rel=1e-3
    )


def test_the_largest_probability_is_clipped_as_keras_does() -> None:
    certain = np.eye(10, dtype="float32")[(LABELS + (np.arange(N) == 4)) % 10]
    found = assess_predictions(write_npz(probabilities=certain), DIGITS).evaluation
    assert found.loss == pytest.approx(-np.log(1e-7) / N, rel=1e-4)


@pytest.mark.parametrize("ending", ["npz", "csv"])
@pytest.mark.parametrize("what", ["both", "classes alone", "a row of NaN"])
def test_what_is_written_is_read_back(ending: str, what: str) -> None:
    rows = ROWS.copy()
    if what == "a row of NaN":
        rows[7, 2] = np.nan
    given = {"labels": PREDICTED} if what == "classes alone" else {"probabilities": rows}
    one = assess_predictions(write_npz("one.npz", **given), ANIMALS)
    write_predictions(one, ANIMALS, Path(f"two.{ending}"))
    two = assess_predictions(f"two.{ending}", ANIMALS)
    assert_same(two, one)
    assert two.evaluation.notes == one.evaluation.notes
    if what == "a row of NaN":
        assert (one.evaluation.loss, one.is_correct[7]) == (None, False)
        assert one.evaluation.notes == ("it has no class for 1 images, which count as wrong",)
    if what == "classes alone":
        assert (one.evaluation.loss, one.outputs) == (None, None)


def test_a_checkpoints_tie_is_broken_as_the_network_did() -> None:
    tied = np.full((N, 10), 0.1, "float32")
    found = assess_predictions(write_npz(probabilities=tied, labels=LABELS), DIGITS)
    assert found.evaluation.accuracy == 1
    write_predictions(found, DIGITS, Path("again.csv"))
    assert assess_predictions("again.csv", DIGITS).evaluation.accuracy == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-60, 60, width=32), min_size=10, max_size=10), st.booleans())
def test_the_class_that_a_network_says_survives_rounding(scores: list[float], are_logits: bool) -> None:
    outputs = np.tile(np.asarray(scores, "float32"), (N, 1))
    if not are_logits:
        outputs = 1 / (1 + np.exp(-outputs))  # sigmoids, which round to equal numbers
    answers = read_answers(outputs, are_logits)
    evaluation = assess_predictions(write_npz(probabilities=ROWS), DIGITS).evaluation
    of_network = Assessment(evaluation, "", LABELS == LABELS, outputs, are_logits, answers.predictions)
    for name in ("p.npz", "p.csv"):
        Path(name).unlink(missing_ok=True)
        write_predictions(of_network, DIGITS, Path(name))
        found = assess_predictions(name, DIGITS).read_answers()
        assert np.array_equal(found.predictions, answers.predictions)
        assert np.allclose(found.probabilities, answers.probabilities, rtol=1e-6, atol=1e-45)


def test_columns_are_found_by_name_in_any_order_and_others_are_ignored() -> None:
    columns = {"": range(N), "Predicted": PREDICTED, **classes(), " True ": LABELS, "remark": ["a,b"] * N}
    path = write_csv("spread.csv", **columns)
    Path(path).write_bytes(b"\xef\xbb\xbf" + Path(path).read_bytes() + b"\r\n")  # as Excel does
    assert_same(
        assess_predictions(path, DIGITS),
        assess_predictions(write_npz(probabilities=ROWS, labels=PREDICTED), DIGITS),
    )
    words = np.array(ANIMALS.class_names)
    path = write_csv("words.csv", true=words[LABELS], predicted=np.char.upper(words[PREDICTED]))
    found = assess_predictions(path, ANIMALS)
    assert (found.evaluation.accuracy, found.evaluation.notes) == ((PREDICTED == LABELS).mean(), ())


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


def test_true_classes_given_for_predicted_ones_get_no_verdict() -> None:
    many = 3
    dataset = replace(
        DIGITS,
        name="cifar10",
        test_images=np.concatenate([DIGITS.test_images] * many),
        test_labels=np.concatenate([LABELS] * many),
    )
    found = assess_predictions(write_csv(predicted=dataset.test_labels), dataset).evaluation
    assert (found.accuracy, found.delta) == (1, None)
    assert found.doubt == "all 1,065 are right: these seem to be the true classes, not predicted ones"


@pytest.mark.parametrize(
    ("in_file", "given", "params", "note"),
    [
        (None, 7, 7, []),
        (5, None, 5, []),
        (5, 5, 5, []),
        (5, 7, 7, ["the file itself states 5 parameters"]),
    ],
)
def test_parameters_are_known_by_statement_only(
    in_file: int | None, given: int | None, params: int, note: list[str]
) -> None:
    path = write_npz(labels=PREDICTED, parameters=in_file)
    found = assess_predictions(path, DIGITS, given).evaluation
    assert (found.params, found.params_stated, list(found.notes)) == (params, True, note)


def test_two_files_are_compared_by_mcnemars_test() -> None:
    one, other = (write_npz(f"{seed}.npz", probabilities=make_probabilities(seed=seed)) for seed in (0, 1))
    first, second = (assess_predictions(path, DIGITS).is_correct for path in (one, other))
    result = eip(
        "gallery", one, "--against", other, "--dataset", "digits", "--count", "3", "--format", "json"
    )
    found = json.loads(result.stdout)
    counts = [int((first & ~second).sum()), int((second & ~first).sum())]
    assert [found["mcnemar"][name] for name in ("only_this_correct", "only_other_correct")] == counts
    assert found["mcnemar"]["p_value"] == pytest.approx(mcnemar_p_value(*counts))
    assert len(found["images"]) == 3


def test_a_gallery_of_classes_alone_is_in_the_images_order() -> None:
    path = write_npz(labels=PREDICTED)
    result = eip(
        "gallery", path, "--dataset", "digits", "--count", "4", "--format", "json", "-o", "wrong.png"
    )
    found = json.loads(result.stdout)
    assert [one["index"] for one in found["images"]] == np.flatnonzero(PREDICTED != LABELS)[:4].tolist()
    assert {one["confidence"] for one in found["images"]} == {None}
    assert "no probabilities are known, so images are in their own order" in found["notes"]
    assert "in their order" in found["asked"]
    assert Path("wrong.png").stat().st_size > 1000
    both = write_npz("both.npz", probabilities=make_probabilities(seed=1))
    against = json.loads(
        eip("gallery", path, "--against", both, "--dataset", "digits", "--format", "json").stdout
    )
    assert "the order is by the loss of B: the other has no probabilities" in against["notes"]
    losses = [one["other_loss"] for one in against["images"]]
    assert losses == sorted(losses, reverse=True)


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


def test_evaluate_says_what_is_not_known_and_writes_the_other_form() -> None:
    command = ("evaluate", write_npz(labels=PREDICTED), "--dataset", "digits")
    words = " ".join(eip(*command, "--write-predictions", "other.csv").output.split())
    assert "Predictions p.npz Model p.npz (parameters unknown)" in words
    assert "Cross-entropy unknown" in words
    assert "Pixels" not in words
    assert Path("other.csv").read_text().splitlines()[:2] == ["true,predicted", f"{LABELS[0]},{PREDICTED[0]}"]
    stated = eip(*command, "--params", "1234", "--format", "json")
    found = json.loads(stated.stdout)
    assert (found["params"], found["params_stated"], found["loss"]) == (1234, True, None)
    assert "(1,234 parameters, as stated)" in eip(*command, "--params", "1234").stdout


def test_compare_baseline_marks_what_is_unknown_or_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    cifar10 = replace(DIGITS, name="cifar10")
    monkeypatch.setattr("eip_cli.comparison.baseline_comparison.load_dataset", lambda *_: cifar10)
    path = write_npz(probabilities=ROWS)
    unknown, stated = (compare_with_baseline(path, params=params)[0] for params in (None, 99))
    assert (unknown.source, unknown.params, unknown.params_stated) == ("predictions", None, False)
    assert (stated.params, stated.params_stated) == (99, True)
    assert "its 99 parameters are stated, not counted" in stated.notes
    assert "of unknown origin: it may have been picked on the test images" in unknown.notes
    assert unknown.delta == pytest.approx((PREDICTED == LABELS).mean() - 0.8244)
    printed = eip("compare-baseline", path, "--params", "99", "--format", "json").stdout
    assert [row.get("params_stated") for row in json.loads(printed)] == [None, None, True]
    row = next(line for line in eip("compare-baseline", path).stdout.splitlines() if "p.npz " in line)
    assert row.split()[:2] == ["p.npz", "unknown"]


def test_predictions_start_no_keras() -> None:
    write_npz(probabilities=ROWS)
    commands = [
        ["evaluate", "p.npz", "--dataset", "digits"],
        ["gallery", "p.npz", "--against", "p.npz", "--dataset", "digits"],
    ]
    program = (
        "import sys; from click.testing import CliRunner; from eip_cli.cli import cli\n"
        f"print([CliRunner().invoke(cli, one).exit_code for one in {commands}])\n"
        "print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    printed = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert printed.splitlines() == ["[0, 0]", "[]"]


class Tensor(np.ndarray):
    """As much of PyTorch's as the lines in README use."""

    def softmax(self, dim: int) -> "Tensor":
        numbers = np.exp(self - self.max(axis=dim, keepdims=True))
        return numbers / numbers.sum(axis=dim, keepdims=True)


def make_torch() -> Any:
    def load(images: list[Any], batch_size: int) -> list[Any]:
        return [(images[start : start + batch_size], None) for start in range(0, len(images), batch_size)]

    return SimpleNamespace(
        no_grad=nullcontext,
        cat=np.concatenate,
        utils=SimpleNamespace(data=SimpleNamespace(DataLoader=load)),
    )


class Targeted(list):
    """A data set of torchvision's: a sequence of images, with their classes as a list."""

    targets = LABELS.tolist()


def test_the_lines_of_pytorch_in_readme_write_such_a_file() -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (lines,) = [block for block in blocks if "np.savez" in block]
    scores = np.log(ROWS).view(Tensor)
    is_evaluating = []

    class Network:
        def eval(self) -> None:
            is_evaluating.append(True)

        def __call__(self, images: list[int]) -> Tensor:
            return scores[images]

    names = {"torch": make_torch(), "np": np, "hashlib": hashlib}
    exec(lines, names | {"model": Network(), "test_set": Targeted(range(N))})
    found = assess_predictions("mine.npz", DIGITS)
    assert is_evaluating == [True]
    assert found.evaluation.notes == ()
    assert np.array_equal(found.read_answers().predictions, PREDICTED)
