"""Sweep directories: what is planned, and how runs are named, grouped and remembered."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eip_cli.foundation.errors import RunError, TrainingError
from eip_cli.foundation.processor import available_threads
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.sweeps.conductor import extend_request, plan_sweep
from eip_cli.sweeps.local_workers import LocalWorkers
from eip_cli.sweeps.plan import PlannedRun, SweepRequest, group_runs
from eip_cli.sweeps.sweep_directory import Sweep, find_sweep, open_sweep
from tests.support.small_sweeps import NETWORKS, ask_tiny, make_sweep, plan_tiny


def plan(
    *models: str, seeds: tuple[int, ...] = (0,), old: tuple[PlannedRun, ...] = (), **settings: Any
) -> tuple[PlannedRun, ...]:
    config = TrainConfig(dataset="digits")
    return plan_sweep(SweepRequest(models, seeds, settings, config), old, LocalWorkers())[1]


def test_a_run_for_each_network_setting_and_seed() -> None:
    planned = plan("separable", "base", seeds=(0, 3), learning_rate=(0.004, 0.002), epochs=(7,))
    assert len(planned) == len({one.name for one in planned}) == 8
    assert planned[0].name == "separable-learning_rate=0.004-epochs=7-seed0"
    assert (planned[7].config.model, planned[7].config.learning_rate, planned[7].config.seed) == (
        "base",
        0.002,
        3,
    )
    assert {one.config.epochs for one in planned} == {7}


def test_two_networks_of_one_name_keep_their_own_runs(tmp_path: Path) -> None:
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_bytes(NETWORKS.read_bytes().replace(b"def logits", b"def Tiny"))
    first = plan("a.py:tiny", "b.py:Tiny")
    assert [one.name for one in first] == ["tiny-seed0", "Tiny-2-seed0"]  # one name on many a disk
    assert [one.name for one in plan("b.py:tiny", old=first)] == [
        "tiny-seed0",
        "Tiny-2-seed0",
        "tiny-3-seed0",
    ]


def test_what_is_planned_already_is_not_planned_again() -> None:
    old = plan("separable", seeds=(0, 1))
    grown = plan("separable", "base", seeds=(1, 2), learning_rate=(0.004, 0.002), old=old)
    assert grown[:2] == old
    assert len(grown) == 2 + 7  # seed 1 at the separable network's own 0.004 was there


def test_a_network_named_twice_is_trained_once(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_bytes(NETWORKS.read_bytes())
    assert len(plan("own.py:tiny", "./own.py:tiny", "separable")) == 2


def test_a_plan_does_not_mix_two_states_of_a_network(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_bytes(NETWORKS.read_bytes())
    old = plan("own.py:tiny")
    (tmp_path / "own.py").write_bytes(NETWORKS.read_bytes() + b"\n")
    with pytest.raises(RunError, match="has changed since the sweep was planned"):
        plan("own.py:tiny", seeds=(1,), old=old)


def test_what_is_not_said_again_stays_as_it_was() -> None:
    first = extend_request(None, ["base"], (3,), {"epochs": (1, 2)}, {"dataset": "digits"})
    assert extend_request(first, given={"threads": 1}) == replace(
        first, config=TrainConfig(dataset="digits", threads=1)
    )
    grown = extend_request(first, ["separable"], (3, 4), {"epochs": (3,)})
    assert (grown.models, grown.seeds, grown.settings) == (
        ("base", "separable"),
        (3, 4),
        {"epochs": (1, 2, 3)},
    )
    with pytest.raises(TrainingError, match="epochs is given for all runs and by values"):
        extend_request(first, given={"epochs": 5})
    assert extend_request(None).models == ("separable",)


def test_runs_that_differ_by_seed_alone_are_one_configuration() -> None:
    groups = group_runs(plan("separable", "base", seeds=(0, 1, 2), learning_rate=(0.004, 0.002)))
    assert [group.name for group in groups] == [
        "separable, learning_rate 0.004",
        "separable, learning_rate 0.002",
        "base, learning_rate 0.004",
        "base, learning_rate 0.002",
    ]
    assert all([planned.config.seed for planned in group.runs] == [0, 1, 2] for group in groups)


def test_threads_make_no_other_configuration() -> None:
    one, two = (PlannedRun(f"run{threads}", TrainConfig(threads=threads, seed=threads)) for threads in (1, 2))
    assert len(group_runs([one, two])) == 1


def test_each_networks_own_protocol_fills_what_is_open() -> None:
    planned = plan("separable", "base")
    rates = [(one.config.learning_rate, one.config.schedule) for one in planned]
    assert rates == [(0.004, "report"), (0.001, "constant")]
    assert all(one.config.threads for one in planned)


def test_a_network_of_the_users_is_named_for_every_folder_and_its_file_remembered() -> None:
    Path("mine.py").symlink_to(NETWORKS)
    planned = plan("mine.py:tiny")[0]
    assert Path(planned.config.model.rpartition(":")[0]).is_absolute()
    assert planned.source_sha256


def test_the_plan_reads_back(tmp_path: Path) -> None:
    planned = plan_tiny()
    sweep = make_sweep(tmp_path / "sweep", planned)
    assert sweep.read_plan() == planned
    assert sweep.read_request() == ask_tiny()


def test_cores_are_shared_by_the_runs_that_fit() -> None:
    assert LocalWorkers(at_once=1).share_threads(6) == available_threads()
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
        '{"runs": [{"name": "a", "config": {"dataset": "svhn"}, "source_sha256": null}]}',
        '{"runs": [{"name": "a", "config": {}, "source_sha256": null}, '
        '{"name": "A", "config": {}, "source_sha256": null}]}',
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


def test_what_a_failed_start_left_does_not_take_a_directory(tmp_path: Path) -> None:
    (tmp_path / ".lock").touch()
    (tmp_path / ".sweep.0123abcd.json").touch()
    assert open_sweep(tmp_path) == Sweep(tmp_path)


def test_a_sweep_that_goes_on_keeps_the_pixels_that_it_began_with(tmp_path: Path) -> None:
    path = tmp_path / "scaling.py"
    path.write_text(
        "import keras\nfrom keras import layers\n"
        "def net():\n"
        "    return keras.Sequential([keras.Input((32, 32, 3)), layers.Rescaling(1 / 255), layers.Flatten(), "
        "layers.Dense(10, activation='softmax')])\n",
        encoding="utf-8",
    )
    model = f"{path}:net"
    request = SweepRequest((model,), (0, 1), {}, TrainConfig(dataset="digits"))
    (planned,) = plan(model)
    assert planned.config.pixels == "0-255"
    old = replace(planned, config=replace(planned.config, pixels="0-1"))  # from before there was a choice
    kept = plan_sweep(request, (old,), LocalWorkers())[1]
    assert [one.config.pixels for one in kept] == ["0-1", "0-1"]
    request = replace(request, config=replace(request.config, pixels="0-255"))
    asked = plan_sweep(request, (old,), LocalWorkers())[1]
    assert [one.config.pixels for one in asked] == ["0-1", "0-255", "0-255"]
