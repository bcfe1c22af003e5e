"""Averages of weights: what they are, and that they are what counts; and what losses leave out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eip_cli.comparison.evaluation.subjects import evaluate_checkpoint
from eip_cli.foundation.backend import keras
from eip_cli.networks.model import build_model
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.runs.history import read_history
from eip_cli.runs.run_directory import FINAL_FILE, HISTORY_FILE
from eip_cli.training.loop.weight_averages import ExponentialAverage, choose_average
from eip_cli.training.session import train_model
from eip_cli.training.state import read_state
from tests.support.places import NETWORKS
from tests.training.test_training import TINY, weights_of

AVERAGED = replace(TINY, average_weights=0.7)
BY_OPTIMIZER = replace(TINY, model=f"{NETWORKS}:averaged_by_its_optimizer")


def test_an_average_keeps_its_share_of_itself_at_each_step_and_less_at_first() -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1), keras.layers.BatchNormalization()])
    average = ExponentialAverage(model, 0.25)
    expected = [weight.astype("float64") for weight in model.get_weights()]
    for step in range(6):
        model.set_weights([weight + step for weight in model.get_weights()])
        average.update()
        decay = min(0.25, (1 + step) / (10 + step))
        weights = model.get_weights()
        expected = [decay * old + (1 - decay) * new for old, new in zip(expected, weights, strict=True)]
        for found, wanted in zip(average.weights(), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert len(expected) == 6  # batch norm's moving averages are among them


def test_an_average_of_another_network_is_refused() -> None:
    average = ExponentialAverage(build_model(f"{NETWORKS}:tiny"), 0.9)
    with pytest.raises(ValueError, match="another network"):
        average.restore((np.zeros(3),), 1)


def test_a_plain_training_keeps_none() -> None:
    model = build_model(f"{NETWORKS}:tiny")
    assert choose_average(model, keras.optimizers.Adam(), None) is None


@pytest.mark.parametrize("config", [AVERAGED, BY_OPTIMIZER], ids=["asked for", "by the optimizer"])
def test_the_average_is_validated_and_saved(config: TrainConfig) -> None:
    run, record = train_model(config, Path("run"))
    state = read_state(run.state_path)
    assert state is not None
    saved = weights_of(run, FINAL_FILE)
    assert not any(np.array_equal(a, b) for a, b in zip(saved[:4], state.weights[:4], strict=True))
    assert evaluate_checkpoint(str(run.path / FINAL_FILE)).accuracy == record.final_accuracy
    best = evaluate_checkpoint(str(run.path))
    assert best.accuracy == record.best_accuracy
    row = read_history(run.path / HISTORY_FILE)[-1]
    assert evaluate_checkpoint(str(run.path / FINAL_FILE)).loss == pytest.approx(row.val_loss, abs=1e-6)


def test_an_optimizers_own_average_is_the_one_that_fit_ends_with() -> None:
    run, _ = train_model(BY_OPTIMIZER, Path("run"))
    state = read_state(run.state_path)
    assert state is not None
    model = build_model(BY_OPTIMIZER.model)
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(model.optimizer.variables, state.optimizer, strict=True):
        variable.assign(value)
    model.set_weights(state.weights)
    model.optimizer.finalize_variable_values(model.trainable_variables)  # as fit does when it ends
    for mine, ours in zip(model.get_weights(), weights_of(run, FINAL_FILE), strict=True):
        np.testing.assert_array_equal(mine, ours)


def test_both_losses_of_an_epoch_leave_penalties_out() -> None:
    standing = replace(TINY, optimizer="sgd", schedule="constant", learning_rate=1e-12, epochs=1)
    rows = []
    for name in ("punished", "unpunished"):
        run, _ = train_model(replace(standing, model=f"{NETWORKS}:{name}"), Path(name))
        rows.append(read_history(run.path / HISTORY_FILE)[0])
    assert rows[0].loss == pytest.approx(rows[1].loss, rel=1e-5)
    assert rows[0].val_loss == pytest.approx(rows[1].val_loss, rel=1e-5)
    assert rows[0].loss < 5
