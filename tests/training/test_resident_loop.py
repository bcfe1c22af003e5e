"""Calls of many steps, on images in the device's memory: the training of single steps, in fewer calls.

What accelerators get is forced on a CPU here. The last test runs two of them on JAX, where it is installed.
"""

import importlib.util
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import TrainingError
from eip_cli.networks.model import build_model
from eip_cli.recipes.augmentation import parse_augmentation
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.training.images.draws import Draws
from eip_cli.training.loop.choice import SETTING, choose_loop
from eip_cli.training.loop.stepwise import StepwiseLoop
from eip_cli.training.loop.trainer import LabelledImages, Trainer
from eip_cli.training.resident import calls
from eip_cli.training.resident.calls import plan_calls, spread
from eip_cli.training.resident.resident_loop import ResidentLoop
from eip_cli.training.session import resume_training, train_model
from tests.support.places import NETWORKS
from tests.training.test_recipe_options import EVERYTHING
from tests.training.test_training import TINY, Watcher, assert_same_training

ROOT = Path(__file__).parents[2]
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
MEAN = (0.5, 0.5, 0.5)
SHORT = replace(TINY, epochs=2, limit_train=76, batch_size=16)  # five steps, the last of twelve images
CONFIGS = {
    "plain": SHORT,
    # All but rotation, which rounds apart on the two sides.
    "every option": replace(
        EVERYTHING, epochs=2, limit_train=76, augment=("flip", "crop=4", "cutout=8", "mixup=0.2")
    ),
    "by its own optimizer's average": replace(SHORT, model=f"{NETWORKS}:averaged_by_its_optimizer"),
    "by its own optimizer's schedule": replace(SHORT, model=f"{NETWORKS}:scheduled"),
    "with penalties": replace(SHORT, model=f"{NETWORKS}:punished", learning_rate=0.001),
}
if ON_TENSORFLOW:
    CONFIGS["on the twin"] = replace(SHORT, accelerate=True)


@pytest.fixture(autouse=True)
def short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls of two steps and one of a smaller step an epoch, as an accelerator takes them."""
    monkeypatch.setattr(calls, "STEPS_PER_CALL", 2)
    monkeypatch.setenv(SETTING, "on")


class Listener(Watcher):
    """Remembers the steps and the notices that it is told of; presses Ctrl-C at a step, if it is to."""

    def __init__(self, press_at: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.press_at = press_at
        self.steps: list[tuple[int, int, float, float]] = []
        self.notices: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)

    def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        self.steps.append((epoch, step, loss, accuracy))
        if (epoch, step) == self.press_at:
            signal.raise_signal(signal.SIGINT)


def trainer(config: TrainConfig) -> Trainer:
    """Of random images: 76 to train on, and 150 to validate on."""
    images = np.random.default_rng(0).integers(0, 256, (226, 32, 32, 3), np.uint8)
    data = LabelledImages(images[:76], np.arange(76) % 10)
    val = LabelledImages(images[76:], np.arange(150) % 10)
    model = build_model(config.model)
    config = resolve_config(config, compiled=model.compiled)
    augmentation = parse_augmentation(config.augment)
    draws = Draws(augmentation, data.images.shape, MEAN, config.seed) if augmentation.texts else None
    return Trainer(model, config, data, val, draws=draws)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_history_is_that_of_single_steps(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    histories = []
    for setting, kind in (("on", ResidentLoop), ("off", StepwiseLoop)):
        monkeypatch.setenv(SETTING, setting)
        trained, listener = trainer(CONFIGS[name]), Listener()
        assert trained.why_stepwise is None
        assert isinstance(trained._loop, kind)
        rows = [trained.run_epoch(epoch, listener, lambda: None) for epoch in range(2)]
        told = [(epoch, step, loss) for epoch, step, loss, _ in listener.steps]
        histories.append([*told, *((row.learning_rate, row.loss, row.val_loss) for row in rows)])
        # Ten steps; where programs are compiled for two lengths of calls, those calls are left out.
        assert len(trained.step_rates) == (7 if setting == "on" else 5)
    # Adam makes steps of roundings where a gradient is zero; another order or draw is off by a hundredth.
    np.testing.assert_allclose(histories[0], histories[1], rtol=5e-4)


def test_ctrl_c_stops_between_calls_and_the_training_goes_on_as_if_it_had_not() -> None:
    whole, _ = train_model(CONFIGS["every option"], Path("whole"))
    listener = Listener(press_at=(2, 3))
    run, record = train_model(CONFIGS["every option"], Path("part"), listener)
    assert (record.status, record.epochs_done) == ("interrupted", 1)
    assert listener.steps[-1][:2] == (2, 4)  # the last of the call
    assert record.environment[SETTING] == "on"
    run, record = resume_training(run)
    assert record.status == "finished"
    assert_same_training(run, whole)


def test_a_cpu_takes_single_steps_unless_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(trainer(SHORT)._loop, ResidentLoop)
    monkeypatch.delenv(SETTING)
    assert isinstance(trainer(SHORT)._loop, StepwiseLoop)
    monkeypatch.setattr("eip_cli.training.loop.choice.accelerator_names", lambda: ["a device"])
    assert isinstance(trainer(SHORT)._loop, ResidentLoop)
    monkeypatch.setenv(SETTING, "off")
    assert isinstance(trainer(SHORT)._loop, StepwiseLoop)
    monkeypatch.setenv(SETTING, "yes")
    with pytest.raises(TrainingError, match="EIP_RESIDENT_LOOP is 'yes': use on or off"):
        trainer(SHORT)


def test_what_cannot_be_a_call_is_taken_step_by_step_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(loop: ResidentLoop) -> None:
        raise NotImplementedError("no such\nlayer in a loop")

    monkeypatch.setattr(ResidentLoop, "rehearse", refuse)
    listener = Listener()
    _, record = train_model(replace(SHORT, epochs=1), Path("run"), listener)
    assert record.status == "finished"
    reason = "NotImplementedError: no such layer in a loop"
    assert f"Steps are taken one by one, which is slower: {reason}" in listener.notices


def test_a_network_that_is_spread_over_devices_is_trained_step_by_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = trainer(SHORT)
    monkeypatch.setattr(keras.distribution, "distribution", lambda: "a distribution")
    loop, reason = choose_loop(built._parts)
    assert isinstance(loop, StepwiseLoop)
    assert reason == "the network is spread over several devices"


def test_the_step_is_named_at_which_a_loss_is_no_longer_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = []
    for setting in ("on", "off"):
        monkeypatch.setenv(SETTING, setting)
        with pytest.raises(TrainingError, match=r"the loss became .* at epoch 1, step ") as error:
            trainer(replace(SHORT, model=f"{NETWORKS}:exploding")).run_epoch(0, Listener(), lambda: None)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


@pytest.mark.parametrize(
    ("count", "lengths"),
    [
        (50_000, [78] * 5 + [1]),
        (12_800, [100]),
        (100, [1]),
        (20, [1]),
        (128 * 211, [71, 70, 70]),
        (129, [1, 1]),
    ],
)
def test_an_epoch_is_cut_into_few_lengths(
    count: int, lengths: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "STEPS_PER_CALL", 100)
    planned = plan_calls(count, 128)
    assert [call.steps for call in planned] == lengths
    order = np.arange(count)
    np.testing.assert_array_equal(np.concatenate([order[call.images] for call in planned]), order)
    starts = np.cumsum([0, *lengths[:-1]])
    assert [call.first_step for call in planned] == starts.tolist()
    assert spread(0) == []


@pytest.mark.skipif(not ON_TENSORFLOW, reason="this is the run on JAX")
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs JAX")
def test_with_every_option_it_holds_on_jax() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", "every or ctrl_c"]
    environment = os.environ | {"KERAS_BACKEND": "jax"}
    environment.pop(SETTING)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
