"""Checkpoints compared with each other on the same test images: McNemar's exact test."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.cli import cli
from eip_cli.comparison.baseline_comparison import add_mcnemar, compare_with_baseline
from eip_cli.comparison.evaluation.results import Assessment, Evaluation
from eip_cli.comparison.row import Comparison, McNemar, compare
from eip_cli.comparison.statements import state_mcnemar
from eip_cli.comparison.statistics import mcnemar_p_value
from eip_cli.datasets.loading import load_dataset
from eip_cli.foundation.backend import keras
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.runs.run_directory import Run
from tests.runs.test_runs import record_of


def assessment_of(
    right: list[int], selected_on: str = "none", name: str = "a.h5", images: str = "x"
) -> Assessment:
    """A checkpoint that gets those of 40 images right."""
    correct = np.zeros(40, dtype=bool)
    correct[right] = True
    accuracy = len(right) / 40
    evaluation = Evaluation(
        name, "net", 1, "cifar10", "test", 40, 0.5, accuracy, (0.1, 0.9), 0.8244, None, selected_on, {}, ()
    )
    return Assessment(evaluation, images, correct)


def row_of(assessment: Assessment) -> Comparison:
    evaluation = assessment.evaluation
    return compare(evaluation.checkpoint, "checkpoint", evaluation.accuracy, params=1, receptive_field=None)


def compare_two(this: Assessment, other: Assessment) -> Comparison:
    return add_mcnemar(row_of(this), this, other)


FEW, MANY = list(range(10, 20)), list(range(12, 40))  # 2 by the first alone, 20 by the second alone


def test_the_test_counts_what_one_of_two_alone_gets_right() -> None:
    test = compare_two(assessment_of(MANY, name="b.h5"), assessment_of(FEW)).mcnemar
    tail = sum(math.comb(22, count) for count in range(3)) / 2**22
    assert test is not None
    assert test.p_value == pytest.approx(2 * tail)
    assert replace(test, p_value=0) == McNemar("a.h5", 20, 2, 0, "better")
    turned = compare_two(assessment_of(FEW, name="b.h5"), assessment_of(MANY)).mcnemar
    assert turned == McNemar("a.h5", 2, 20, test.p_value, "worse")


def test_no_p_value_is_said_to_be_zero() -> None:
    for few, many, said in ((0, 3000, "p < 1e-300"), (2, 20, "p = 1.2e-04"), (9, 11, "p = 0.824")):
        p_value = mcnemar_p_value(few, many)
        assert f"test, {said})" in state_mcnemar(McNemar("a.h5", few, many, p_value, "worse"))


def test_equal_predictions_are_indistinguishable() -> None:
    test = compare_two(assessment_of(FEW, name="b.h5"), assessment_of(FEW)).mcnemar
    assert test == McNemar("a.h5", 0, 0, 1.0, "indistinguishable")


@pytest.mark.parametrize(
    ("this", "other", "verdict"),
    [
        ("none", "none", "better"),
        ("validation", "none", "better"),
        ("none", "test", "better"),  # in spite of the other's advantage
        ("test", "none", "not comparable"),
        ("test", "validation", "not comparable"),
        ("test", "test", "better"),
        ("unknown", "none", "better"),
    ],
)
def test_picking_on_the_test_images_wins_nothing(this: str, other: str, verdict: str) -> None:
    row = compare_two(assessment_of(MANY, this, "b.h5"), assessment_of(FEW, other))
    assert row.mcnemar is not None
    assert (row.mcnemar.verdict, row.mcnemar.p_value < 0.001) == (verdict, True)
    assert any("picking on the test images" in note for note in row.notes) == ("test" in (this, other))


def test_losing_to_a_picked_checkpoint_is_not_held_against_this_one() -> None:
    row = compare_two(assessment_of(FEW, "none", "b.h5"), assessment_of(MANY, "test"))
    assert row.mcnemar is not None
    assert row.mcnemar.verdict == "not comparable"


def test_other_images_are_no_pairs() -> None:
    row = compare_two(assessment_of(MANY, name="b.h5", images="y"), assessment_of(FEW))
    assert row.mcnemar is None
    assert row.notes == ("evaluated on other images than a.h5: no McNemar test",)


@pytest.fixture
def checkpoints() -> list[str]:
    """The last epochs of two runs on digits."""
    names = []
    digits = load_dataset("digits")
    images = digits.train_images.astype("float32") / 255
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        inner = [keras.layers.AveragePooling2D(4), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")]
        model = keras.Sequential([keras.Input((32, 32, 3)), *inner])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(images, digits.train_labels, epochs=2 + 6 * seed, verbose=0)
        run = Run(Path(f"run{seed}"))
        run.path.mkdir()
        content = record_of(f"run{seed}").to_dict()
        content["config"] = resolve_config(TrainConfig(dataset="digits")).to_dict()
        run.record_path.write_text(json.dumps(content))
        save_model(model, run.path / "final.h5")
        names.append(str(run.path / "final.h5"))
    return names


def correct_by_plain_keras(name: str) -> Any:
    digits = load_dataset("digits")
    model = keras.models.load_model(name)
    return model.predict(digits.test_images / 255.0, verbose=0).argmax(axis=1) == digits.test_labels


def test_each_later_checkpoint_is_tested_against_the_first(checkpoints: list[str]) -> None:
    first, second, again = compare_with_baseline([*checkpoints, checkpoints[1]])
    right, other = (correct_by_plain_keras(name) for name in (checkpoints[1], checkpoints[0]))
    assert first.mcnemar is None
    assert second.mcnemar is not None
    counts = (second.mcnemar.only_this_correct, second.mcnemar.only_other_correct)
    assert counts == (int((right & ~other).sum()), int((other & ~right).sum()))
    assert counts[0] > counts[1] >= 0
    assert (second.mcnemar.against, second.mcnemar.verdict) == (checkpoints[0], "better")
    assert again.mcnemar == second.mcnemar
    assert (second.delta, second.final_accuracy, second.verdict) == (None, None, "not comparable")

    rewritten = tuple(f"{number}.npz" for number in range(2))
    for name, path in zip(checkpoints, rewritten, strict=True):
        command = ["evaluate", name, "--write-predictions", path, "--format", "json"]
        of_network = json.loads(CliRunner().invoke(cli, [*command, "--confusion-matrix"]).stdout)
        command = ["evaluate", path, "--dataset", "digits", "--confusion-matrix", "--format", "json"]
        of_predictions = json.loads(CliRunner().invoke(cli, command).stdout)
        assert of_predictions["loss"] == pytest.approx(of_network["loss"], rel=1e-5)
        for field in ("accuracy", "accuracy_ci95", "per_class", "confusion_matrix", "n", "split"):
            assert of_predictions[field] == of_network[field]
    _, mixed = compare_with_baseline([checkpoints[0], rewritten[1]])
    assert mixed.mcnemar == second.mcnemar
    assert mixed.source == "predictions"

    result = CliRunner().invoke(cli, ["compare-baseline", *checkpoints])
    words = " ".join(result.stdout.split())
    assert f"it alone is right on {counts[0]}" in words
    assert "McNemar's exact test" in words
    evaluation = CliRunner().invoke(cli, ["evaluate", checkpoints[0], "--format", "json"]).stdout
    assert not {"is_correct", "images", "predictions"} & set(json.loads(evaluation))
