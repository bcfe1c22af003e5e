"""Files of predictions in a checkpoint's place: the same numbers, and one line where they cannot be true."""

import hashlib
import json
import re
import subprocess
import sys
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
from tests.support.places import ROOT
from tests.support.predictions import (
    ANIMALS,
    DIGITS,
    LABELS,
    PREDICTED,
    ROWS,
    N,
    classes,
    make_probabilities,
    write_csv,
    write_npz,
)


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
        assert np.allclose(found.probabilities, answers.probabilities, rtol=1e-6, atol=1e-30)


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
