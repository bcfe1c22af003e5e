"""What the tests of sweeps share: a small network, and plans of it."""

from pathlib import Path

from eip_cli.recipes.configuration import TrainConfig
from eip_cli.sweeps.conductor import plan_sweep
from eip_cli.sweeps.local_workers import LocalWorkers
from eip_cli.sweeps.plan import PlannedRun, SweepRequest
from eip_cli.sweeps.sweep_directory import Sweep, open_sweep
from tests.support.places import NETWORKS

TINY = f"{NETWORKS}:tiny"
# Long enough for a stop to fall between its first and its last epoch.
LONG = TrainConfig(dataset="digits", limit_train=160, batch_size=16, epochs=40, threads=1, accelerate=False)


def plan_tiny(seeds: tuple[int, ...] = (0, 1), config: TrainConfig = LONG) -> tuple[PlannedRun, ...]:
    return plan_sweep(ask_tiny(seeds, config), (), LocalWorkers())[1]


def ask_tiny(seeds: tuple[int, ...] = (0, 1), config: TrainConfig = LONG) -> SweepRequest:
    return SweepRequest((TINY,), seeds, {}, config)


def make_sweep(path: Path, plan: tuple[PlannedRun, ...]) -> Sweep:
    sweep = open_sweep(path)
    sweep.write_plan(ask_tiny(), plan)
    return sweep
