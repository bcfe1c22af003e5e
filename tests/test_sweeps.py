"""Sweep directories: what is planned, and how runs are named, grouped and remembered."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from small_sweeps import LONG, NETWORKS, make_sweep, plan_tiny

from eip_cli.errors import RunError
from eip_cli.protocol import TrainConfig
from eip_cli.sweeping import extend_plan, plan_sweep
from eip_cli.sweeps import Sweep, find_sweep, group_runs, open_sweep, plan_runs
from eip_cli.workers import LocalWorkers


def test_a_run_for_each_network_setting_and_seed() -> None:
    networks = [TrainConfig(model="separable"), TrainConfig(model="base")]
    plan = plan_runs(networks, (0, 3), {"learning_rate": (0.004, 0.002), "epochs": (7,)})
    assert len(plan) == len({planned.name for planned in plan}) == 8
    assert plan[0].name == "separable-learning_rate=0.004-epochs=7-seed0"
    assert (plan[7].config.model, plan[7].config.learning_rate, plan[7].config.seed) == ("base", 0.002, 3)
    assert {planned.config.epochs for planned in plan} == {7}


def test_two_networks_of_one_name_keep_their_own_runs() -> None:
    plan = plan_runs([TrainConfig(model="a.py:net"), TrainConfig(model="b.py:net")], (0, 1), {})
    assert [planned.name for planned in plan] == ["net-seed0", "net-seed1", "net-2-seed0", "net-2-seed1"]


def test_runs_that_differ_by_seed_alone_are_one_configuration() -> None:
    networks = [TrainConfig(model="separable"), TrainConfig(model="base")]
    plan = plan_runs(networks, (0, 1, 2), {"learning_rate": (0.004, 0.002)})
    groups = group_runs(plan)
    assert [group.name for group in groups] == [
        "separable, learning_rate 0.004",
        "separable, learning_rate 0.002",
        "base, learning_rate 0.004",
        "base, learning_rate 0.002",
    ]
    assert all([planned.config.seed for planned in group.runs] == [0, 1, 2] for group in groups)


def test_threads_make_no_other_configuration() -> None:
    plan = plan_runs([TrainConfig(threads=1)], (0,), {}) + plan_runs([TrainConfig(threads=2)], (1,), {})
    assert len(group_runs(plan)) == 1


def test_each_networks_own_protocol_fills_what_is_open() -> None:
    plan = plan_sweep(["separable", "base"], (0,), {}, TrainConfig(), LocalWorkers())
    rates = [(planned.config.learning_rate, planned.config.schedule) for planned in plan]
    assert rates == [(0.004, "kinked"), (0.001, "constant")]
    assert all(planned.config.threads for planned in plan)


def test_a_network_of_the_users_is_named_for_every_folder_and_its_file_remembered() -> None:
    Path("mine.py").symlink_to(NETWORKS)
    planned = plan_sweep(["mine.py:tiny"], (0,), {}, LONG, LocalWorkers())[0]
    assert Path(planned.config.model.rpartition(":")[0]).is_absolute()
    assert planned.source_sha256


def test_the_plan_reads_back(tmp_path: Path) -> None:
    plan = plan_tiny()
    sweep = make_sweep(tmp_path / "sweep", plan)
    assert sweep.read_plan() == plan


def test_cores_are_shared_by_the_runs_that_fit() -> None:
    assert LocalWorkers(at_once=1).share_threads(6) == len(os.sched_getaffinity(0))
    assert LocalWorkers(at_once=10**6).share_threads(10**6) == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"runs": 3}',
        '{"runs": [{"name": "a"}]}',
        '{"runs": [{"name": "../a", "config": {}, "source_sha256": null}]}',
        '{"runs": [{"name": "..", "config": {}, "source_sha256": null}]}',
        '{"runs": [{"name": "a\\u001b[2J", "config": {}, "source_sha256": null}]}',
        '{"runs": [{"name": "a", "config": {"dataset": "mnist"}, "source_sha256": null}]}',
    ],
)
def test_a_damaged_or_hostile_plan_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "sweep.json").write_text(content, encoding="utf-8")
    with pytest.raises(RunError, match="damaged"):
        Sweep(tmp_path).read_plan()


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match="is not a sweep"):
        open_sweep(tmp_path)
    assert find_sweep(str(tmp_path)) is None


def test_a_sweep_grows_but_what_is_planned_stays(tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", plan_tiny((0,)))
    grown = extend_plan(sweep, plan_tiny((0, 1), replace(LONG, threads=2)))
    assert [(planned.config.seed, planned.config.threads) for planned in grown] == [(0, 1), (1, 2)]
    with pytest.raises(RunError, match="has epochs 40, but 41 is asked for"):
        extend_plan(sweep, plan_tiny((0,), replace(LONG, epochs=41)))
    assert sweep.read_plan() == grown
