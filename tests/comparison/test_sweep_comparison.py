"""Sweeps compared: what a row of a configuration says, and what it refuses to say."""

import csv
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from click.testing import CliRunner, Result
from scipy.stats import t, ttest_ind

from eip_cli.cli import cli
from eip_cli.comparison.baseline_comparison import compare_with_baseline
from eip_cli.comparison.curve_collection import collect_curves
from eip_cli.comparison.record_checks import ENDED_AT_CHANCE
from eip_cli.comparison.row import Comparison, delta_interval
from eip_cli.display.comparison_tables import report_comparison
from eip_cli.foundation.errors import RunError
from eip_cli.pictures.curves import Curve, draw_comparison
from eip_cli.published.baseline import BASELINE_ACCURACY
from eip_cli.runs.history import format_history
from eip_cli.runs.run_directory import HISTORY_FILE
from eip_cli.sweeps.plan import PlannedRun
from eip_cli.sweeps.sweep_directory import open_sweep
from tests.support.written_sweeps import ANY_REQUEST, history_to, planned, write_run, write_sweep

OURS, BASE = [0.8441, 0.8402, 0.8466], [0.8251, 0.8244, 0.8297]


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="eip")


def rows_of(*names: str) -> dict[str, Comparison]:
    return {row.name: row for row in compare_with_baseline(names)}


def test_a_row_a_configuration_with_n_mean_spread_and_interval() -> None:
    write_sweep("sweep", {"separable": OURS, "base": BASE})
    row = rows_of("sweep")["separable"]
    assert (row.source, row.model, row.n, row.seeds, row.epochs) == ("sweep", "separable", 3, (0, 1, 2), 50)
    assert (row.params, row.receptive_field, row.selected_on) == (58_965, (44, 44), "test")
    assert (row.final_accuracy, row.accuracy_sd) == (fmean(OURS), stdev(OURS))
    interval = t.interval(0.95, 2, fmean(OURS), stdev(OURS) / math.sqrt(3))
    assert row.accuracy_ci95 == pytest.approx(interval)
    assert row.delta == fmean(OURS) - BASELINE_ACCURACY
    assert row.delta_ci95 == pytest.approx([bound - BASELINE_ACCURACY for bound in interval])
    assert row.verdict == "better"
    assert (row.best_accuracy, row.best_epoch, row.mcnemar, row.notes) == (None, None, None, ())


def test_a_configuration_is_compared_with_the_base_network_of_its_sweep() -> None:
    write_sweep("sweep", {"separable": OURS, "base": BASE})
    rows = rows_of("sweep")
    reference = ttest_ind(OURS, BASE, equal_var=False).confidence_interval(0.95)
    assert rows["separable"].trained_baseline == "base"
    assert rows["separable"].trained_delta == fmean(OURS) - fmean(BASE)
    assert rows["separable"].trained_delta_ci95 == pytest.approx(reference)
    assert rows["separable"].trained_verdict == "better"
    base = rows["base"]
    trained = (base.trained_baseline, base.trained_delta, base.trained_delta_ci95, base.trained_verdict)
    assert trained == (None, None, None, None)


def test_a_difference_inside_the_noise_is_called_so() -> None:
    write_sweep("sweep", {"separable": [0.8300, 0.8200, 0.8260], "base": BASE})
    row = rows_of("sweep")["separable"]
    assert (row.verdict, row.trained_verdict) == ("indistinguishable", "indistinguishable")
    assert row.statement is not None
    assert "better" not in row.statement


def test_the_statement_holds_every_number_that_it_is_about() -> None:
    write_sweep("sweep", {"separable": OURS, "base": BASE})
    row = rows_of("sweep")["separable"]
    assert row.statement == (
        "separable reached 84.36% test accuracy, the mean of n = 3 runs (standard deviation 0.32 points, "
        "95% t interval of the mean 83.56% to 85.16%), +1.92 points (95% one-sample t interval +1.12 to "
        "+2.72) against the published 82.44%, taken as exact: better. +1.72 points (95% Welch interval +1.03 "
        "to +2.42) against base as trained here (n = 3, 82.64%): better."
    )
    assert row.statement in " ".join(eip("compare-baseline", "sweep").stdout.split())


def test_a_worse_network_is_called_worse() -> None:
    write_sweep("sweep", {"separable": [0.79, 0.80, 0.795], "base": BASE})
    row = rows_of("sweep")["separable"]
    assert (row.verdict, row.trained_verdict) == ("worse", "worse")


def test_one_run_is_compared_as_a_run_is() -> None:
    write_sweep("sweep", {"separable": [0.8441], "base": [0.8251]})
    row = rows_of("sweep")["separable"]
    assert (row.n, row.accuracy_sd, row.accuracy_ci95) == (1, None, None)
    assert (row.delta_ci95, row.verdict) == (delta_interval(0.8441), "better")
    assert (row.trained_baseline, row.trained_delta_ci95) == ("base", None)
    assert row.trained_verdict == "not comparable"
    assert row.statement is not None
    assert "no verdict, as Welch's interval needs two runs on each side" in row.statement


def test_runs_that_agree_to_the_image_are_no_evidence_of_a_narrow_interval() -> None:
    write_sweep("sweep", {"separable": [0.8330, 0.8330], "base": BASE})
    row = rows_of("sweep")["separable"]
    assert (row.n, row.accuracy_sd, row.accuracy_ci95) == (2, 0, None)
    assert (row.delta_ci95, row.verdict) == (delta_interval(0.8330), "indistinguishable")
    assert row.trained_verdict == "not comparable"
    assert "agree to the image" in row.notes[0]


def test_unfinished_runs_do_not_count_and_are_said() -> None:
    sweep = write_sweep("sweep", {"separable": [0.84, 0.85, 0.86, None]})
    run = sweep.run_of(planned("separable", 2))
    run.write_record(replace(run.read_record(), status="interrupted", epochs_done=20))
    row = rows_of("sweep")["separable"]
    assert (row.n, row.seeds, row.final_accuracy) == (2, (0, 1), 0.845)
    assert row.notes == (
        "2 of 4 runs finished; not counted: separable-seed2 interrupted, separable-seed3 planned",
    )


def test_survivors_are_not_quoted_as_the_whole_sweep() -> None:
    sweep = write_sweep("sweep", {"separable": [*OURS, 0.84, 0.85], "base": [*BASE, None]})
    assert "Not counted of the 4 planned runs: 1 not begun." in str(rows_of("sweep")["base"].statement)
    assert eip("compare-baseline", "--require-better", "sweep").exit_code == 0
    for seed in (3, 4):
        run = sweep.run_of(planned("separable", seed))
        run.write_record(replace(run.read_record(), status="failed", epochs_done=2, final_accuracy=None))
    row = rows_of("sweep")["separable"]
    assert (row.n, row.n_planned, row.verdict) == (3, 5, "better")
    assert row.statement is not None
    assert "the mean of n = 3 of 5 planned runs (" in row.statement
    assert "better. Not counted of the 5 planned runs: 2 failed." in row.statement
    assert "against base as trained here (n = 3 of 4 planned, " in row.statement
    result = eip("compare-baseline", "--require-better", "sweep", "--format", "markdown")
    assert result.exit_code == 1
    assert "| 3 of 5 and 3 of 4 |" in result.stdout


def test_a_sweep_that_has_not_begun_is_not_comparable() -> None:
    write_sweep("sweep", {"separable": [None, None], "base": BASE})
    row = rows_of("sweep")["separable"]
    assert (row.n, row.final_accuracy, row.delta, row.verdict) == (0, None, None, "not comparable")
    assert row.trained_baseline is None
    assert row.statement == "separable is not compared: none of its runs has finished."


def test_held_out_images_leave_one_use_of_the_test_images() -> None:
    # What was picked on is not what is compared: history and record end on the held-out images.
    sweep = write_sweep("sweep", {"separable": OURS}, validation_split=0.1)
    for run, accuracy in zip(sweep.read_plan(), (0.80, 0.81, 0.82), strict=True):
        directory = sweep.run_of(run)
        directory.write_record(replace(directory.read_record(), test_accuracy=accuracy))
    row = rows_of("sweep")["separable"]
    assert (row.final_accuracy, row.selected_on) == (fmean(OURS), "validation")
    assert (row.test_accuracy, row.test_accuracy_sd) == (pytest.approx(0.81), pytest.approx(0.01))
    assert row.test_accuracy_ci95 == pytest.approx(t.interval(0.95, 2, 0.81, 0.01 / math.sqrt(3)))
    assert row.statement == (
        "separable reached 81.00% test accuracy by its best checkpoint on held-out training images, measured "
        "once, the mean of n = 3 runs (standard deviation 1.00 points, 95% t interval of the mean 78.52% to "
        "83.48%); it is not compared with the published 82.44%."
    )


def test_a_training_has_one_verdict_as_a_run_and_as_a_sweep() -> None:
    sweep = write_sweep("sweep", {"separable": [0.86]}, validation_split=0.1)
    run = sweep.run_of(planned("separable", 0, validation_split=0.1))
    run.write_record(replace(run.read_record(), test_accuracy=0.85))
    of_sweep, of_run = compare_with_baseline(["sweep", str(run.path)])
    names = ("final_accuracy", "test_accuracy", "delta", "verdict", "selected_on")
    facts = (0.86, 0.85, None, "not comparable", "validation")
    assert tuple(getattr(of_sweep, name) for name in names) == facts
    assert tuple(getattr(of_run, name) for name in names) == facts
    assert "reached 85.00% test accuracy by its best checkpoint" in str(of_sweep.statement)
    assert "reached 85.00% test accuracy by its best checkpoint" in str(of_run.statement)
    printed = eip("compare-baseline", "sweep", "--format", "markdown").stdout
    assert "| n | Final ± sd | Test | Best (epoch) |" in printed
    assert "| 1 | 86.00% | 85.00% |" in printed


def test_images_that_are_not_cifar10s_have_one_verdict_too() -> None:
    sweep = write_sweep("sweep", {"separable": [0.86]}, {"dataset_fingerprint": {"unordered": "forged"}})
    rows = compare_with_baseline(["sweep", str(sweep.run_of(planned("separable", 0)).path)])
    assert [row.verdict for row in rows] == ["not comparable"] * 2


def test_held_out_configurations_are_compared_on_the_test_images() -> None:
    sweep = write_sweep("sweep", {"separable": OURS, "base": OURS}, validation_split=0.1)
    for run, accuracy in zip(sweep.read_plan(), (0.80, 0.81, 0.82, 0.70, 0.71, 0.72), strict=True):
        directory = sweep.run_of(run)
        directory.write_record(replace(directory.read_record(), test_accuracy=accuracy))
    row = rows_of("sweep")["separable"]
    assert (row.trained_delta, row.trained_verdict) == (pytest.approx(0.10), "better")
    assert "(n = 3, 71.00%): better" in str(row.statement)


def test_other_images_than_cifar10s_are_not_held_against_its_number() -> None:
    write_sweep("sweep", {"separable": OURS, "base": BASE}, {"dataset_fingerprint": {"unordered": "forged"}})
    row = rows_of("sweep")["separable"]
    assert (row.delta, row.delta_ci95, row.verdict) == (None, None, "not comparable")
    assert (row.final_accuracy, row.trained_verdict) == (fmean(OURS), "better")
    assert any("not CIFAR-10's own" in note for note in row.notes)


def test_digits_have_a_mean_and_a_trained_baseline_but_no_published_one() -> None:
    digits = {"dataset_fingerprint": {"ordered": "d", "unordered": "d"}}
    write_sweep(
        "sweep",
        {"separable": [0.97, 0.98, 0.99], "base": [0.90, 0.91, 0.89]},
        digits,
        dataset="digits",
        limit_train=80,
    )
    row = rows_of("sweep")["separable"]
    assert (row.delta, row.delta_ci95, row.verdict) == (None, None, "not comparable")
    assert (row.n, row.final_accuracy, row.accuracy_sd) == (3, pytest.approx(0.98), pytest.approx(0.01))
    assert (row.trained_baseline, row.trained_verdict) == ("base", "better")
    assert row.notes == ("trained on digits", "trained on 80 images only")


def test_less_training_than_the_published_is_marked() -> None:
    write_sweep("sweep", {"separable": OURS}, limit_train=5000, epochs=5)
    row = rows_of("sweep")["separable"]
    assert (row.epochs, row.verdict) == (5, "better")
    assert row.notes[0] == "trained on 5,000 images only"
    assert row.notes[1].startswith("trained for 5 epochs")


def test_a_run_that_ended_guessing_is_named() -> None:
    sweep = write_sweep("sweep", {"base": [0.8244, 0.1, 0.8297]})
    run = sweep.run_of(planned("base", 1))
    guesses = tuple(replace(row, accuracy=0.0992) for row in history_to(0.1, 50, seed=1))
    (run.path / HISTORY_FILE).write_text(format_history(guesses))
    of_sweep, of_run = compare_with_baseline(["sweep", str(run.path)])
    assert of_sweep.notes == (f"base-seed1 {ENDED_AT_CHANCE}",)
    assert of_run.notes == (ENDED_AT_CHANCE,)
    assert (of_sweep.n, of_sweep.verdict) == (3, "indistinguishable")


# A record of the second of three runs, changed -> what the row says of it.
FORGERIES: list[tuple[dict[str, Any], str]] = [
    ({"final_accuracy": 0.99}, "says that it ended at 0.99, its history.csv at 0.8402"),
    ({"best_accuracy": 0.99}, "says that it was best with 0.99 at epoch 50, its history.csv with 0.8402 at"),
    (
        {"best_epoch": 3},
        "says that it was best with 0.8402 at epoch 3, its history.csv with 0.8402 at epoch 50",
    ),
    ({"final_accuracy": None}, "it has no final test accuracy"),
    ({"params": 60_000}, "separable-seed0 and separable-seed1 have different numbers of parameters"),
    ({"train_images": 49_999}, "separable-seed0 and separable-seed1 have different numbers of training"),
    ({"dataset_fingerprint": {"unordered": "other"}}, "have different images"),
    ({"sha256": {"separable": "0" * 64}}, "its network's file is not the one of the plan"),
    ({"epochs_done": 49}, "finished with 49 epochs recorded and 50 logged of 50"),
    ({"id": "separable-seed0"}, "separable-seed0 and separable-seed1 are one training, not two"),
    ({"config": replace(planned("separable", 1).config, batch_size=64)}, "its batch_size is 64, not 128"),
    ({"config": replace(planned("separable", 1).config, epochs=51)}, "its epochs is 51, not 50 as planned"),
    ({"config": planned("separable", 0).config}, "its seed is 0, not 1 as planned"),
    ({"config": planned("base", 1).config}, "its model is 'base', not 'separable' as planned"),
]


@pytest.mark.parametrize(("changes", "fault"), FORGERIES, ids=[fault[:40] for _, fault in FORGERIES])
def test_runs_that_are_not_what_they_claim_are_not_averaged(changes: dict[str, Any], fault: str) -> None:
    sweep = write_sweep("sweep", {"separable": OURS, "base": BASE})
    run = sweep.run_of(planned("separable", 1))
    run.write_record(replace(run.read_record(), **changes))
    row = rows_of("sweep")["separable"]
    assert (row.n, row.verdict, row.trained_baseline) == (3, "not comparable", None)
    numbers = (row.final_accuracy, row.accuracy_sd, row.accuracy_ci95, row.delta, row.delta_ci95)
    assert numbers == (None, None, None, None, None)
    assert any(fault in note for note in row.notes)
    assert json.loads(eip("compare-baseline", "sweep", "--format", "json").stdout)


def test_threads_and_folders_may_differ() -> None:
    sweep = write_sweep("sweep", {"separable": OURS})
    run = sweep.run_of(planned("separable", 1))
    config = replace(planned("separable", 1).config, threads=2, data_dir="/elsewhere")
    run.write_record(replace(run.read_record(), config=config))
    assert rows_of("sweep")["separable"].verdict == "better"


def test_other_versions_settings_and_machines_are_said() -> None:
    alike = {"versions": {"keras": "3.15.1", "numpy": "2"}, "hardware": {"processor": "a", "memory_bytes": 1}}
    sweep = write_sweep("sweep", {"separable": OURS}, alike)
    run = sweep.run_of(planned("separable", 1))
    run.write_record(replace(run.read_record(), hardware={"processor": "a", "memory_bytes": 2}))
    assert rows_of("sweep")["separable"].notes == ()
    other: dict[str, Any] = {
        "versions": {"keras": "3.14.0", "numpy": "2"},
        "environment": {"XLA_FLAGS": "\x1b[2J"},
    }
    run.write_record(replace(run.read_record(), **other, accelerated=True, hardware={"processor": "b"}))
    row = rows_of("sweep")["separable"]
    assert row.verdict == "better"
    assert row.notes == (
        "its runs differ by more than their seeds: keras '3.15.1' and '3.14.0', processor 'a' and 'b', "
        "accelerated False and True, XLA_FLAGS None and '\\x1b[2J'",
    )


def test_a_copied_run_with_another_seed_written_into_it_is_found() -> None:
    sweep = write_sweep("sweep", {"separable": OURS})
    copy = sweep.run_of(planned("separable", 1))
    (copy.path / "history.csv").write_text(format_history(history_to(0.8441, 50, seed=0)))
    copy.write_record(replace(copy.read_record(), final_accuracy=0.8441, best_accuracy=0.8441))
    row = rows_of("sweep")["separable"]
    assert row.verdict == "not comparable"
    assert row.notes == ("separable-seed0 and separable-seed1 are one training, not two",)


def test_a_seed_planned_twice_is_one_training() -> None:
    sweep = open_sweep(Path("sweep"))
    again = replace(planned("separable", 0), name="again")
    sweep.write_plan(ANY_REQUEST, [planned("separable", 0), again])
    for run in sweep.read_plan():
        write_run(sweep, run, 0.85)
    assert rows_of("sweep")["separable"].notes == ("separable-seed0 and again are one training, not two",)


def test_a_run_without_its_history_is_not_averaged() -> None:
    sweep = write_sweep("sweep", {"separable": OURS})
    (sweep.run_of(planned("separable", 2)).path / "history.csv").unlink()
    row = rows_of("sweep")["separable"]
    assert (row.verdict, row.final_accuracy) == ("not comparable", None)
    assert row.notes == ("separable-seed2: it has no readable history.csv to check its accuracy against",)


def test_a_network_file_that_changed_between_runs_is_found() -> None:
    sweep = open_sweep(Path("sweep"))
    config = replace(planned("separable", 0).config, model="/nets/mine.py:net")
    plan = [PlannedRun(f"net-seed{seed}", replace(config, seed=seed), str(seed)) for seed in (0, 1)]
    sweep.write_plan(ANY_REQUEST, plan)
    for run in plan:
        write_run(sweep, run, 0.85 + run.config.seed / 100, sha256={config.model: str(run.config.seed)})
    assert rows_of("sweep")["net"].notes == ("net-seed0 and net-seed1 have different network files",)


def test_a_single_run_whose_record_disagrees_with_its_history_is_not_compared() -> None:
    sweep = write_sweep("sweep", {"separable": [0.80]})
    run = sweep.run_of(planned("separable", 0))
    assert rows_of(str(run.path))["separable-seed0"].verdict == "worse"
    run.write_record(replace(run.read_record(), best_accuracy=0.90))
    row = rows_of(str(run.path))["separable-seed0"]
    assert (row.verdict, row.best_accuracy) == ("not comparable", None)
    assert row.notes[0].startswith("its run.json says that it was best with 0.9 at epoch 50, its history.csv")
    run.write_record(replace(run.read_record(), final_accuracy=0.90, best_accuracy=0.80))
    row = rows_of(str(run.path))["separable-seed0"]
    assert (row.source, row.verdict, row.final_accuracy) == ("run", "not comparable", None)
    assert row.notes == ("its run.json says that it ended at 0.9, its history.csv at 0.8",)


def test_a_damaged_record_is_named() -> None:
    sweep = write_sweep("sweep", {"separable": OURS})
    sweep.run_of(planned("separable", 1)).record_path.write_text("{")
    with pytest.raises(RunError, match=r"separable-seed1/run.json is damaged"):
        compare_with_baseline(["sweep"])


def write_base(path: str, **settings: Any) -> None:
    """More runs of the base network into the sweep in ``path``."""
    sweep = open_sweep(Path(path))
    plan = [planned("base", seed, **settings) for seed in range(3)]
    sweep.write_plan(ANY_REQUEST, [*sweep.read_plan(), *plan])
    for run, accuracy in zip(plan, BASE, strict=True):
        write_run(sweep, run, accuracy)


def test_of_several_base_networks_the_one_at_its_own_protocol_is_compared() -> None:
    write_sweep("sweep", {"separable": OURS})
    write_base("sweep", learning_rate=0.01)
    write_base("sweep", learning_rate=0.001)
    assert rows_of("sweep")["separable"].trained_baseline == "base, learning_rate 0.001"


def test_none_of_several_base_networks_is_chosen_by_its_result() -> None:
    write_sweep("sweep", {"separable": OURS})
    write_base("sweep", learning_rate=0.01)
    write_base("sweep", learning_rate=0.02)
    row = rows_of("sweep")["separable"]
    assert row.trained_baseline is None
    assert row.notes == (
        "not compared with the base network trained here: of 2 such rows none keep to its own protocol",
    )


def test_a_base_network_off_its_protocol_is_said_to_be() -> None:
    write_sweep("sweep", {"separable": OURS})
    write_base("sweep", learning_rate=0.1)
    row = rows_of("sweep")["separable"]
    assert row.trained_baseline == "base"
    assert row.notes == ("base departs from its own protocol: learning_rate 0.1",)


@pytest.mark.parametrize("settings", [{"epochs": 10}, {"limit_train": 5000}, {"validation_split": 0.1}])
def test_a_base_network_trained_otherwise_is_no_baseline(settings: dict[str, Any]) -> None:
    write_sweep("sweep", {"separable": OURS})
    write_base("sweep", **settings)
    assert rows_of("sweep")["separable"].trained_baseline is None


def test_a_base_network_with_faults_is_no_baseline() -> None:
    sweep = write_sweep("sweep", {"separable": OURS, "base": BASE})
    run = sweep.run_of(planned("base", 1))
    run.write_record(replace(run.read_record(), final_accuracy=0.7))
    assert rows_of("sweep")["separable"].trained_baseline is None


def test_another_sweep_may_hold_the_base_network() -> None:
    write_sweep("ours", {"separable": OURS})
    write_sweep("theirs", {"base": BASE})
    rows = rows_of("ours", "theirs")
    assert list(rows) == ["ours: separable", "theirs: base"]
    assert rows["ours: separable"].trained_baseline == "theirs: base"


def test_the_base_network_of_the_same_sweep_comes_first() -> None:
    write_sweep("ours", {"separable": OURS, "base": BASE})
    write_sweep("theirs", {"base": [0.70, 0.71]})
    assert rows_of("theirs", "ours")["ours: separable"].trained_baseline == "ours: base"


def test_a_sweep_is_named_after_its_folder_from_inside_too(monkeypatch: pytest.MonkeyPatch) -> None:
    write_sweep("ours", {"separable": OURS})
    write_sweep("theirs", {"base": BASE})
    monkeypatch.chdir("ours")
    assert list(rows_of(".", "../theirs")) == ["ours: separable", "theirs: base"]


def test_runs_of_one_id_are_named_by_their_paths() -> None:
    for name in ("ours", "theirs"):
        write_sweep(name, {"separable": OURS[:1], "base": BASE[:1]})
    names = ["ours/separable-seed0", "theirs/separable-seed0"]
    rows = compare_with_baseline([*names, "ours/base-seed0"])
    assert [row.name for row in rows] == [*names, "base-seed0"]
    assert all(str(row.statement).startswith(f"{row.name} reached") for row in rows)
    assert [curve.name for curve in collect_curves(names)][2:] == names
    assert [row.name for row in compare_with_baseline([names[0], f"./{names[0]}"])] == ["separable-seed0"] * 2


def test_a_run_that_is_called_as_a_configuration_is_named_by_its_path() -> None:
    sweep = write_sweep("sweep", {"separable": OURS, "base": BASE})
    run = sweep.run_of(planned("base", 0))
    run.write_record(replace(run.read_record(), id="base"))
    assert [row.name for row in compare_with_baseline(["sweep", str(run.path)])][2:] == ["sweep/base-seed0"]
    assert "| 3 and 3 |" in eip("compare-baseline", "sweep", str(run.path), "--format", "markdown").stdout


def test_a_sweep_named_twice_counts_once() -> None:
    write_sweep("sweep", {"separable": OURS})
    assert list(rows_of("sweep", "./sweep")) == ["separable"]


def test_a_sweep_is_found_by_its_id_and_its_runs_by_their_folders() -> None:
    Path("sweeps").mkdir()
    write_sweep("sweeps/mine", {"separable": OURS})
    assert list(rows_of("mine", "sweeps/mine/separable-seed1")) == ["separable", "separable-seed1"]


@pytest.mark.parametrize(
    ("accuracies", "status"),
    [
        ({"separable": OURS, "base": BASE}, 0),
        ({"separable": [0.83, 0.82, 0.825], "base": BASE}, 1),
        ({"separable": [None], "base": BASE}, 1),
        ({"base": [0.90, 0.91, 0.92]}, 1),
    ],
)
def test_require_better_judges_all_but_the_sweeps_own_base_network(
    accuracies: dict[str, list[float | None]], status: int
) -> None:
    write_sweep("sweep", accuracies)
    assert eip("compare-baseline", "--require-better", "sweep").exit_code == status


def test_the_json_has_lists_and_nulls() -> None:
    write_sweep("sweep", {"separable": OURS, "base": [0.82]})
    *_, ours, base = json.loads(eip("compare-baseline", "sweep", "--format", "json").stdout)
    assert (ours["seeds"], ours["trained_baseline"], ours["trained_delta_ci95"]) == ([0, 1, 2], "base", None)
    assert len(ours["accuracy_ci95"]) == 2
    assert (base["accuracy_sd"], base["mcnemar"], base["receptive_field"]) == (None, None, 44)


def test_csv_has_two_columns_an_interval() -> None:
    write_sweep("sweep", {"separable": OURS})
    header, *_, row = eip("compare-baseline", "sweep", "--format", "csv").stdout.splitlines()
    for name in ("delta_ci95_low", "accuracy_ci95_high", "trained_delta_ci95_low", "mcnemar_p_value"):
        assert name in header.split(",")
    assert "0 1 2" in row


@pytest.mark.parametrize("columns", [80, 140])
def test_the_table_fits_and_says_what_its_intervals_are(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    write_sweep("sweep", {"separable": OURS, "base": BASE})
    printed = eip("compare-baseline", "sweep").stdout
    assert max(map(len, printed.splitlines())) <= columns
    words = " ".join(printed.split())
    for text in (
        "±0.32",
        "+1.92 ±0.80",
        "+1.72 ±0.70",
        "one-sample t interval",
        "Each interval holds by itself",
    ):
        assert text in words


def test_a_star_is_explained_where_there_is_one() -> None:
    write_sweep("sweep", {"separable": OURS})
    explained = "* picked on the test images"
    notes = report_comparison(compare_with_baseline(["sweep"])).footnotes
    assert not any(note.startswith(explained) for note in notes)
    printed = eip("compare-baseline", "sweep/separable-seed0", "--format", "markdown").stdout
    assert f"\n\\{explained}" in printed  # a star that begins a line would begin a list


def test_the_help_says_what_a_run_is_compared_by() -> None:
    words = " ".join(eip("compare-baseline", "-h").stdout.split())
    assert "RUN is compared by the final accuracy in its record" in words
    assert "a CHECKPOINT, such as RUN's checkpoint.h5, by evaluating it" in words


def test_runs_and_sweeps_are_compared_without_tensorflow() -> None:
    write_sweep("sweep", {"separable": OURS, "base": BASE})
    code = (
        "import sys; from eip_cli import compare_with_baseline; "
        "print(len(compare_with_baseline(['sweep', 'sweep/base-seed0'])), 'tensorflow' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["3", "False"]


def test_the_published_numbers_alone_need_no_scipy() -> None:
    code = (
        "import sys; from eip_cli.cli import cli; cli(['compare-baseline'], standalone_mode=False); "
        "sys.exit('scipy' in sys.modules or 'tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


def test_the_curves_are_those_of_finished_runs_beside_the_published() -> None:
    write_sweep("sweep", {"separable": [*OURS, None], "base": BASE[:1]})
    base, separable, ours, one = collect_curves(["sweep"])
    assert base.is_published and separable.is_published
    assert (ours.name, len(ours.runs), ours.epochs) == ("separable", 3, range(1, 51))
    assert [run[-1] for run in ours.runs] == OURS
    assert (one.name, len(one.runs)) == ("base", 1)


def test_curves_on_other_data_stand_alone_or_not_at_all() -> None:
    write_sweep("digits", {"separable": [0.97, 0.98]}, dataset="digits")
    write_sweep("cifar10", {"separable": OURS})
    assert [curve.name for curve in collect_curves(["digits"])] == ["separable"]
    both = [curve.name for curve in collect_curves(["digits", "cifar10"])]
    assert both == ["base, 2019", "separable, 2019", "cifar10: separable"]


@pytest.mark.parametrize(("seeds", "epochs"), [(1, 1), (2, 3), (3, 50)])
def test_mean_and_band_are_drawn(seeds: int, epochs: int) -> None:
    write_sweep("sweep", {"separable": OURS[:seeds]}, epochs=epochs)
    result = eip("compare-baseline", "sweep", "--plot", "curves.svg")
    assert (result.exit_code, result.stderr) == (0, "Wrote curves.svg\n")
    drawing = Path("curves.svg").read_text(encoding="utf-8")
    assert ("FillBetweenPolyCollection" in drawing) == (seeds > 1)
    assert ("axes_2" in drawing) == (epochs == 50)  # the later half, enlarged


def test_any_name_is_drawn_as_it_is(recwarn: pytest.WarningsRecorder) -> None:
    from matplotlib import rc_context

    names = ("$x^{$", "a$b$c", "_hidden", "网络", r"back\slash")
    with rc_context({"svg.fonttype": "none"}):  # text as text
        draw_comparison([Curve(name, ((0.5, 0.7),)) for name in names], Path("curves.svg"))
    drawing = Path("curves.svg").read_text(encoding="utf-8")
    for name in names:
        assert drawing.count(f">{name}</text>") == 1
    draw_comparison([Curve(name, ((0.5, 0.7),)) for name in names], Path("curves.png"))
    assert not recwarn.list


def test_a_missing_folder_is_noticed_before_the_work() -> None:
    result = eip("compare-baseline", "nothing", "--plot", "nowhere/curves.png")
    error = "Error: cannot draw nowhere/curves.png: there is no folder nowhere\n"
    assert (result.exit_code, result.stderr) == (1, error)


def test_the_band_is_from_the_lowest_to_the_highest_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.axes import Axes

    bands = []
    monkeypatch.setattr(Axes, "fill_between", lambda self, *band, **style: bands.append(band))
    draw_comparison([Curve("ours", ((0.5, 0.7), (0.6, 0.9), (0.4, 0.8)))], Path("curves.png"))
    (epochs, lowest, highest) = bands[0]
    assert epochs == [1, 2]
    assert (lowest, highest) == (pytest.approx([40, 70]), pytest.approx([60, 90]))


def test_a_sweep_of_a_network_that_sees_the_whole_image_has_no_number() -> None:
    write_sweep("sweep", {"separable": OURS}, {"receptive_field": None, "whole_image_seen": True})
    (row,) = json.loads(eip("compare-baseline", "sweep", "--format", "json").stdout)[2:]
    assert (row["receptive_field"], row["whole_image_seen"]) == (None, True)
    *_, table = csv.DictReader(eip("compare-baseline", "sweep", "--format", "csv").stdout.splitlines())
    assert (table["receptive_field"], table["whole_image_seen"]) == ("", "True")
    shown = eip("compare-baseline", "sweep")
    assert "RF all: units of its feature maps see the whole image" in " ".join(shown.stdout.split())


DAMAGES: list[dict[str, Any]] = [
    {"params": "many"},
    {"params": -1},
    {"dataset_fingerprint": ["x"]},
    {"sha256": "x"},
    {"epochs_done": 1.5},
    {"receptive_field": [1]},
    {"receptive_field": ["a", "b"]},
    {"whole_image_seen": 1},
    {"final_accuracy": math.nan},
    {"final_accuracy": "0.99"},
    {"final_accuracy": 84.02},
    {"final_accuracy": 10**400},
    {"best_accuracy": "x"},
    {"best_epoch": True},
    {"test_accuracy": [0.9]},
    {"train_seconds": None},
    {"images_per_second": 10**400},
    {"accelerated": "yes"},
    {"ended": 5},
    {"status": "\x1b[2J"},
]


@pytest.mark.parametrize("changes", DAMAGES, ids=str)
def test_a_record_of_other_kinds_of_values_is_damaged(changes: dict[str, Any]) -> None:
    sweep = write_sweep("sweep", {"separable": OURS})
    run = sweep.run_of(planned("separable", 1))
    run.write_record(replace(run.read_record(), **changes))
    for name in ("sweep", str(run.path)):
        result = eip("compare-baseline", name)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert "run.json is damaged" in result.stderr
    shown = json.loads(eip("runs", "sweep", "--format", "json").stdout)
    assert {record["seed"] for record in shown} == {0, 2}  # it hides no other


CONFIG_DAMAGES: list[dict[str, Any]] = [
    {"model": 5},
    {"schedule": ["x"]},
    {"dataset": ["cifar10"]},
    {"epochs": "50"},
    {"epochs": True},
    {"epochs": 10**400},
    {"seed": 0.5},
    {"learning_rate": math.nan},
    {"validation_split": "0.1"},
    {"accelerate": 1},
    {"data_dir": 7},
]


@pytest.mark.parametrize("changes", CONFIG_DAMAGES, ids=str)
def test_a_configuration_of_other_kinds_of_values_is_damaged(changes: dict[str, Any]) -> None:
    sweep = write_sweep("sweep", {"separable": OURS})
    for path, damage in (
        (sweep.plan_path, lambda content: content["runs"][1]["config"]),
        (sweep.run_of(planned("separable", 1)).record_path, lambda content: content["config"]),
    ):
        before = path.read_text()
        content = json.loads(before)
        damage(content).update(changes)
        path.write_text(json.dumps(content))
        result = eip("compare-baseline", "sweep")
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert f"{path} is damaged" in result.stderr
        path.write_text(before)


def test_nothing_in_a_strangers_plan_reaches_the_terminal() -> None:
    sweep = write_sweep("sweep", {"separable": OURS})
    text = sweep.plan_path.read_text()
    sweep.plan_path.write_text(text.replace('"report"', '"\\u001b[2J"', 1))
    result = eip("compare-baseline", "sweep")
    assert result.stderr == "Error: sweep/sweep.json is damaged: it is not a sweep's plan\n"
