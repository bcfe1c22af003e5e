"""eip gallery: the images that a network gets wrong, in numbers that are eip evaluate's."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.checkpoints.opening import open_checkpoint
from eip_cli.cli import cli
from eip_cli.comparison.evaluation.assessment import assess_on
from eip_cli.comparison.statistics import mcnemar_p_value
from eip_cli.datasets.loading import load_dataset
from eip_cli.display.images.gallery_report import report_gallery, write_csv
from eip_cli.display.images.gallery_sheet import write_gallery
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import DataError
from eip_cli.foundation.problem import NO_CLASS
from eip_cli.inspection.gallery import Answer, Gallery, Subject, make_gallery
from eip_cli.inspection.selection import Selection, find_class
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.pixels import UNIT_PIXELS
from eip_cli.recipes.protocols import resolve_config
from eip_cli.runs.run_directory import Run
from tests.runs.test_runs import record_of

layers = keras.layers
DIGITS = load_dataset("digits")
LABELS = DIGITS.test_labels


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="eip")


def gallery(*arguments: str) -> dict:
    result = eip("gallery", *arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def make_network(seed: int, activation: str | None = "softmax") -> keras.Model:
    """A small network that knows most of the digits."""
    keras.utils.set_random_seed(seed)
    inner = [layers.AveragePooling2D(4), layers.Conv2D(6, 2, activation="relu", name="conv")]
    last = [layers.Flatten(), layers.Dense(10, activation)]
    model = keras.Sequential([keras.Input((32, 32, 3)), *inner, *last])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=activation is None)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(DIGITS.train_images / 255.0, DIGITS.train_labels, epochs=4, verbose=0)
    return model


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The last epochs of three runs on digits: two networks with softmax and one without."""
    folder = tmp_path_factory.mktemp("nets")
    made = {"one": make_network(0), "two": make_network(1), "logits": make_network(0, None)}
    for name, model in made.items():
        run = Run(folder / name)
        run.path.mkdir()
        config = resolve_config(TrainConfig(dataset="digits"))
        run.write_record(replace(record_of(name), config=config))
        save_model(model, run.path / "final.h5")
    return {name: str(folder / name / "final.h5") for name in made}


def probabilities_of(path: str) -> np.ndarray:
    """By plain Keras, in float64."""
    model = keras.models.load_model(path)
    outputs = np.asarray(model.predict(DIGITS.test_images / 255.0, verbose=0), "float64")
    if abs(outputs.sum(axis=1) - 1).max() > 0.01:
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return outputs / outputs.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["one", "logits"])
def test_the_numbers_are_those_of_evaluate_and_of_plain_keras(nets: dict[str, str], name: str) -> None:
    found = gallery(nets[name], "--count", "500")
    evaluation = json.loads(eip("evaluate", nets[name], "--format", "json").stdout)
    assert [found[key] for key in ("accuracy", "n", "dataset")] == [
        evaluation[key] for key in ("accuracy", "n", "dataset")
    ]
    expected = probabilities_of(nets[name])
    wrong = np.flatnonzero(expected.argmax(axis=1) != LABELS)
    assert {image["index"] for image in found["images"]} == set(wrong.tolist())
    assert (
        found["misclassified"] == found["found"] == len(wrong) == round((1 - found["accuracy"]) * len(LABELS))
    )
    losses = [image["loss"] for image in found["images"]]
    assert losses == sorted(losses, reverse=True)
    for image in found["images"]:
        row, label = expected[image["index"]], LABELS[image["index"]]
        assert image["true"] == str(label)
        assert image["predicted"] == str(row.argmax())
        assert image["confidence"] == pytest.approx(row.max(), rel=1e-4)
        assert image["probability_of_true"] == pytest.approx(row[label], rel=1e-3)
        assert image["loss"] == pytest.approx(-np.log(row[label]), rel=1e-3)


@pytest.fixture(scope="module")
def subject(nets: dict[str, str]) -> Subject:
    """The first network, evaluated once."""
    opened = open_checkpoint(nets["one"])
    return Subject(opened, UNIT_PIXELS, assess_on(opened, DIGITS, UNIT_PIXELS))


def show(subject: Subject, **wanted: Any) -> Gallery:
    return make_gallery(subject, DIGITS, Selection(**wanted))


def test_the_losses_of_all_images_average_to_evaluates(subject: Subject) -> None:
    found = show(subject, indices=tuple(range(len(LABELS))))
    losses = [one.answer.loss for one in found.shown if one.answer.loss is not None]
    assert len(losses) == len(LABELS)
    assert np.mean(losses) == pytest.approx(found.evaluation.loss, rel=1e-5)


def test_orders_and_classes(subject: Subject) -> None:
    everything = show(subject, count=500).shown
    confident = show(subject, order="confidence", count=7).shown
    assert list(confident) == sorted(everything, key=lambda one: -(one.answer.confidence or 0))[:7]
    first, again, other = (
        [one.index for one in show(subject, order="random", seed=seed).shown] for seed in (1, 1, 2)
    )
    assert first == again != other
    pairs = [(one.true, one.answer.predicted) for one in everything]
    true, predicted = max(set(pairs), key=pairs.count)
    found = show(subject, true=true, predicted=predicted)
    assert [(one.true, one.answer.predicted) for one in found.shown] == [
        pair for pair in pairs if pair == (true, predicted)
    ]
    assert any(f"only {found.found} fit, not 25" in note for note in found.notes)


def test_classes_are_named_in_any_case_or_numbered_and_the_nearest_is_offered() -> None:
    names = ("airplane", "automobile", "Bird", "10")
    assert [find_class(name, names, "x") for name in ("AIRPLANE", "1", "bird", "10", "3")] == [0, 1, 2, 3, 3]
    with pytest.raises(DataError, match="x has no class 'aeroplane': did you mean airplane"):
        find_class("aeroplane", names, "x")
    with pytest.raises(DataError, match="x has no class '4': it has airplane, automobile, Bird, 10"):
        find_class("4", names, "x")


def test_images_by_number_are_shown_right_or_wrong(nets: dict[str, str], subject: Subject) -> None:
    predictions = probabilities_of(nets["one"]).argmax(axis=1)
    right, wrong = (np.flatnonzero(one).tolist() for one in (predictions == LABELS, predictions != LABELS))
    wanted = [right[1], wrong[0], right[0]]
    found = show(subject, indices=tuple(wanted), count=1)
    assert [one.index for one in found.shown] == wanted
    assert [one.answer.is_right for one in found.shown] == [True, False, True]
    table = report_gallery(found).grids[0]
    assert [row[2].split()[1] for row in table.rows] == ["(right)", "(wrong)", "(right)"]
    with pytest.raises(DataError, match="no test image 355: they are numbered from 0 to 354"):
        show(subject, indices=(355,))
    assert eip("gallery", nets["one"], "--index", "1,x").exit_code == 2


def test_an_output_that_is_no_number_is_no_class_and_comes_first(subject: Subject) -> None:
    assert subject.assessment is not None
    assert subject.assessment.outputs is not None
    assert subject.assessment.predictions is not None
    outputs = subject.assessment.outputs.copy()
    outputs[7] = np.nan
    is_correct = subject.assessment.is_correct & (np.arange(len(LABELS)) != 7)
    predictions = np.where(np.arange(len(LABELS)) == 7, NO_CLASS, subject.assessment.predictions)
    assessment = replace(subject.assessment, outputs=outputs, is_correct=is_correct, predictions=predictions)
    broken = replace(subject, assessment=assessment)
    first = show(broken).shown[0]
    assert (first.index, first.answer) == (7, Answer("no class", False, None, None, None))


def test_two_networks_differ_on_the_images_that_one_alone_gets_right(nets: dict[str, str]) -> None:
    found = gallery(nets["one"], "--against", nets["two"], "--count", "500")
    right, other = (probabilities_of(nets[name]).argmax(axis=1) == LABELS for name in ("one", "two"))
    assert {one["index"] for one in found["images"]} == set(np.flatnonzero(right != other).tolist())
    only_this, only_other = int((right & ~other).sum()), int((other & ~right).sum())
    test = found["mcnemar"]
    assert (test["only_this_correct"], test["only_other_correct"]) == (only_this, only_other)
    assert test["p_value"] == pytest.approx(mcnemar_p_value(only_this, only_other))
    assert any("McNemar's exact test" in note for note in found["notes"])
    for one in found["images"]:
        assert (one["predicted"] == one["true"]) != (one["other_predicted"] == one["true"])
    assert found["against"]["checkpoint"] == nets["two"]


def test_none_misclassified_is_said(subject: Subject, tmp_path: Path) -> None:
    found = show(subject, true="3", predicted="3")
    assert found.notes[-1] == "no image fits that: none is shown"
    write_gallery(found, tmp_path / "a.png")
    write_csv(found, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "index,true,predicted,confidence,probability_of_true,loss\n"
    assert (tmp_path / "a.png").stat().st_size > 1000


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
def test_a_file_and_its_csv_are_written_and_nothing_is_overwritten(
    nets: dict[str, str], tmp_path: Path, ending: str
) -> None:
    command = ("gallery", nets["one"], "--count", "6", "-o", f"wrong.{ending}")
    result = eip(*command, "--grad-cam")
    assert result.exit_code == 0, result.stderr
    assert f"Wrote wrong.{ending} and wrong.csv" in result.stderr
    rows = list(csv.DictReader((tmp_path / "wrong.csv").open()))
    assert list(rows[0]) == ["index", "true", "predicted", "confidence", "probability_of_true", "loss"]
    assert len(rows) == 6
    assert all(row["true"] != row["predicted"] for row in rows)
    assert [-float(row["loss"]) for row in rows] == sorted(-float(row["loss"]) for row in rows)
    before = (tmp_path / f"wrong.{ending}").read_bytes()
    again = eip(*command)
    assert (again.exit_code, f"wrong.{ending} exists" in again.stderr) == (1, True)
    (tmp_path / f"wrong.{ending}").rename("kept")
    again = eip(*command)
    assert (again.exit_code, "wrong.csv exists" in again.stderr) == (1, True)
    assert Path("kept").read_bytes() == before


def test_wrong_requests_are_refused_before_the_work(nets: dict[str, str]) -> None:
    for arguments, status, words in (
        (["-o", "a.pdf"], 1, "cannot draw a.pdf: use an ending such as .png, .svg, .html"),
        (["-o", "nowhere/a.png"], 1, "there is no folder nowhere"),
        (["--layer", "conv"], 2, "--layer is of --grad-cam"),
        (["--count", "0"], 2, "0 is not in the range"),
        (["--order", "size"], 2, "'size' is not one of"),
        (["--grad-cam", "--layer", "cony"], 1, "did you mean conv?"),
    ):
        result = eip("gallery", nets["one"], *arguments)
        assert result.exit_code == status
        assert words in result.stderr


def test_grad_cam_is_described_and_checked(nets: dict[str, str]) -> None:
    found = gallery(nets["one"], "--grad-cam", "--count", "8")
    facts = found["grad_cam"]
    assert (facts["layer"], facts["map"], facts["class"]) == ("conv", [7, 7], "predicted")
    assert facts["sanity_n"] == 8
    mean = round(facts["sanity_correlation"], 2)
    assert -1 <= mean <= 1
    said = " ".join(found["notes"])
    assert f"random weights is {mean + 0.0:+.2f} on average, " in said
    assert "(5 draws, n = 8 images" in said
    of_true = gallery(nets["one"], "--grad-cam", "--count", "8", "--class", "true")
    assert of_true["grad_cam"]["class"] == "true"
    assert of_true["images"] == found["images"]  # the network is as it was after the random weights
