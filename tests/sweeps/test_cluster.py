"""Sweeps on a Ray cluster: real nodes, one of which dies while it trains, and no run is lost."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ray.cluster_utils import Cluster

from eip_cli.cli import cli
from eip_cli.foundation.errors import RunError
from eip_cli.runs.history import read_history
from eip_cli.sweeps.conductor import plan_sweep, run_sweep
from eip_cli.sweeps.local_workers import LocalWorkers
from eip_cli.sweeps.ray_workers import ClusterWorkers
from eip_cli.sweeps.sweep_directory import Sweep
from eip_cli.sweeps.workers import SweepObserver
from tests.support.small_sweeps import LONG, NETWORKS, TINY, ask_tiny, make_sweep, plan_tiny
from tests.training.test_training import assert_same_training

NODE = {"num_cpus": 1, "memory": 4_000_000_000, "object_store_memory": 100_000_000}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that trains nothing and two nodes of one core, each with processes of its own."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    cluster.nodes = [cluster.add_node(**NODE) for _ in range(2)]
    yield cluster
    cluster.shutdown()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """The same two runs on this machine, without a stop."""
    sweep = make_sweep(tmp_path_factory.mktemp("sweeps") / "whole", plan_tiny())
    assert run_sweep(sweep, LocalWorkers(), SweepObserver()).failures == {}
    return sweep


def test_a_run_whose_node_dies_continues_on_another_to_the_same_bits(
    cluster: Any, whole: Sweep, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sweep = make_sweep(tmp_path / "sweep", plan_tiny())
    before: list[tuple[Any, ...]] = []

    class NodeKiller(SweepObserver):
        def watch(self, running: Any) -> None:
            records = sweep.read_records(plan)
            if not before and all(record and 0 < record.epochs_done < 30 for record in records):
                before.extend(read_history(sweep.run_of(planned).path / "history.csv") for planned in plan)
                cluster.remove_node(cluster.nodes.pop(), allow_graceful=False)

    plan = sweep.read_plan()
    outcome = run_sweep(sweep, ClusterWorkers(cluster.address), NodeKiller())
    assert before
    assert outcome.failures == {}
    for planned, earlier in zip(plan, before, strict=True):
        run = sweep.run_of(planned)
        assert run.read_record().is_complete
        # Not trained anew: the epochs from before the loss are there as they were, to their seconds.
        assert read_history(run.path / "history.csv")[: len(earlier)] == earlier
        assert_same_training(run, whole.run_of(planned))
    assert capfd.readouterr() == ("", "")  # the cluster's own chatter stays away


def test_the_command_trains_there_what_it_trains_here(cluster: Any) -> None:
    options = ["--dataset", "digits", "--limit-train", "64", "--batch-size", "16", "--epochs", "1"]
    models = ["--model", TINY, "--model", f"{NETWORKS}:exploding"]
    command = [sys.executable, "-m", "eip_cli", "sweep", *models, "--seeds", "1", *options]
    command += ["--sweep-dir", "there", "--address", cluster.address, "--format", "json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "exploding-seed0 failed: " in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: 1 of 2 runs failed")
    assert [row["n"] for row in json.loads(result.stdout) if row["source"] == "sweep"] == [1, 0]
    planned = Sweep(Path("there")).read_plan()[0]
    record = Sweep(Path("there")).run_of(planned).read_record()
    assert (record.id, record.is_complete, record.config) == (planned.name, True, planned.config)


def test_a_run_that_kills_its_workers_fails_and_is_not_tried_for_ever(cluster: Any, tmp_path: Path) -> None:
    planned = plan_tiny((0,))[0]
    deadly = replace(planned, config=replace(planned.config, model=f"{NETWORKS}:deadly"))
    sweep = make_sweep(tmp_path / "sweep", (deadly,))
    outcome = run_sweep(sweep, ClusterWorkers(cluster.address), SweepObserver())
    assert outcome.failures[planned.name].startswith("its worker was lost 3 times")


def test_more_threads_than_any_machine_has_are_refused(cluster: Any, tmp_path: Path) -> None:
    sweep = make_sweep(tmp_path / "sweep", plan_tiny((0,), replace(LONG, threads=64)))
    with pytest.raises(
        RunError, match="64 threads are asked for, but no machine of the cluster has more than 1"
    ):
        run_sweep(sweep, ClusterWorkers(cluster.address), SweepObserver())


def test_threads_are_shared_as_the_clusters_machines_allow(cluster: Any) -> None:
    workers = ClusterWorkers(cluster.address)
    plan = plan_sweep(ask_tiny((0,), replace(LONG, threads=None)), (), workers)[1]
    workers.train(Sweep(Path("none")), (), SweepObserver())
    assert plan[0].config.threads == 1


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "127.0.0.1:99999", "nowhere", "ray://127.0.0.1:1", "local"]
)
def test_a_cluster_that_is_not_there(address: str) -> None:
    result = CliRunner().invoke(cli, ["sweep", "--dataset", "digits", "--address", address])
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert f"no Ray cluster at {address}: " in result.stderr
    assert not Path("sweeps").exists()


def test_without_ray_one_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    result = CliRunner().invoke(cli, ["sweep", "--dataset", "digits", "--address", "auto"])
    assert (result.exit_code, result.stderr) == (
        1,
        "Error: --address needs Ray: pip install 'eip-cli[ray]'\n",
    )
