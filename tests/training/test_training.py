"""Training: what depends on the seed, what a run holds, how it ends and goes on."""

import csv
import json
import math
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import ModelError, RunError, TrainingError
from eip_cli.foundation.interruption import Interrupted
from eip_cli.foundation.processor import available_threads
from eip_cli.networks.model import build_model
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.runs.history import EpochRow, read_history
from eip_cli.runs.provenance import describe_environment
from eip_cli.runs.record import RunRecord
from eip_cli.runs.run_directory import Run
from eip_cli.training.loop.randomness import image_order, seed_random_layers
from eip_cli.training.session import resume_training, train_model
from eip_cli.training.state import read_state, write_state
from tests.support.places import NETWORKS

# On Keras's own layers, which take half as long to begin; what is about bits is trained on the twin too.
TINY = TrainConfig(
    model=f"{NETWORKS}:tiny", dataset="digits", limit_train=80, epochs=3, batch_size=16, accelerate=False
)
ON_THE_TWIN = replace(TINY, accelerate=True)


class Watcher:
    """Remembers what it is told; stops a training, or fails a disk, where a test wants it."""

    def __init__(self, at: tuple[int, int] | None = None, error: BaseException | None = None) -> None:
        self.at = at
        self.error = error
        self.rows: list[EpochRow] = []
        self.best: list[bool] = []

    def start(self, description: str, total_bytes: int) -> None: ...
    def advance(self, n_bytes: int) -> None: ...
    def notice(self, text: str) -> None: ...
    def finish(self) -> None: ...
    def training_started(self, run: Run, record: RunRecord, steps_per_epoch: int) -> None: ...

    def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        if (epoch, step) == self.at and self.error is not None:
            raise self.error

    def epoch_done(self, row: EpochRow, is_best: bool) -> None:
        self.rows.append(row)
        self.best.append(is_best)


def weights_of(run: Run, name: str) -> list[np.ndarray]:
    return keras.models.load_model(run.path / name).get_weights()


def without_seconds(run: Run) -> list[EpochRow]:
    return [replace(row, seconds=0.0) for row in read_history(run.path / "history.csv")]


def assert_same_training(one: Run, two: Run) -> None:
    """Bit for bit: histories but for ``seconds``, weights, best weights, optimizer state."""
    assert without_seconds(one) == without_seconds(two)
    first, second = read_state(one.state_path), read_state(two.state_path)
    assert first is not None
    assert second is not None
    for group in ("weights", "optimizer", "best_weights"):
        pairs = zip(getattr(first, group), getattr(second, group), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs), group
    for name in ("checkpoint.h5", "final.h5"):
        pairs = zip(weights_of(one, name), weights_of(two, name), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs), name


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of three epochs, uninterrupted."""
    return train_model(TINY, tmp_path_factory.mktemp("runs") / "whole")[0]


@pytest.fixture(scope="module")
def finished_on_the_twin(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same run on the faster twin."""
    return train_model(ON_THE_TWIN, tmp_path_factory.mktemp("runs") / "twin")[0]


def test_every_epoch_sees_every_image_once_in_an_order_of_its_own() -> None:
    orders = [image_order(7, epoch, 100) for epoch in range(3)]
    assert all(sorted(order) == list(range(100)) for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(image_order(7, 2, 100), orders[2])
    assert not np.array_equal(image_order(8, 2, 100), orders[2])


def test_dropout_follows_from_seed_and_epoch() -> None:
    model = build_model(f"{NETWORKS}:tiny")
    images = np.random.default_rng(0).random((4, 32, 32, 3), "float32")

    def outputs(seed: int, epoch: int) -> np.ndarray:
        seed_random_layers(model, seed, epoch)
        return np.asarray(model(images, training=True))

    assert np.array_equal(outputs(1, 5), outputs(1, 5))
    assert not np.array_equal(outputs(1, 5), outputs(1, 6))
    assert not np.array_equal(outputs(1, 5), outputs(2, 5))


def test_each_dropout_layer_draws_for_itself() -> None:
    model = build_model("separable")
    seed_random_layers(model, 0, 0)
    states = [
        tuple(np.asarray(layer.seed_generator.state))
        for layer in model.layers
        if isinstance(layer, keras.layers.Dropout)
    ]
    assert len(set(states)) == len(states) == 6


def test_known_networks_are_trained_by_the_reports_protocol() -> None:
    separable = resolve_config(TrainConfig())
    base = resolve_config(TrainConfig(model="base"))
    assert (separable.epochs, separable.batch_size, separable.learning_rate) == (50, 128, 0.004)
    assert (base.epochs, base.batch_size, base.learning_rate) == (50, 128, 0.001)
    assert (separable.schedule, base.schedule) == ("report", "constant")
    assert separable.threads == available_threads()


def test_what_the_user_sets_stays() -> None:
    config = resolve_config(TrainConfig(epochs=3, batch_size=7, learning_rate=0.1, threads=1))
    assert (config.epochs, config.batch_size, config.learning_rate, config.threads) == (3, 7, 0.1, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0),
        ("batch_size", -1),
        ("threads", 0),
        ("limit_train", 0),
        ("seed", -1),
        ("seed", 2**32),
        ("learning_rate", 0),
        ("learning_rate", math.nan),
        ("learning_rate", math.inf),
        ("validation_split", 0),
        ("validation_split", 1),
        ("dataset", "svhn"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(field: str, value: Any) -> None:
    with pytest.raises(TrainingError, match=str(value) if field != "dataset" else "no dataset 'svhn'"):
        TrainConfig(**{field: value})


def test_a_run_holds_what_the_contract_says(finished: Run) -> None:
    names = {"run.json", "history.csv", "checkpoint.h5", "final.h5", "curves.png", "state.npz"}
    assert names <= {path.name for path in finished.path.iterdir()}
    content = json.loads((finished.path / "run.json").read_text())
    assert content["status"] == "finished"
    assert content["selected_on"] == "test"
    assert content["deterministic"] is True
    assert content["epochs_done"] == 3
    assert content["images_per_second"] > 0  # 15 steps, of which the first five do not count
    assert content["dataset_fingerprint"].keys() == {"ordered", "unordered"}
    assert content["versions"]["keras"] == keras.__version__
    assert str(NETWORKS) + ":tiny" in content["sha256"]
    assert content["ended"] > content["started"]


def test_the_history_is_the_contracts_and_agrees_with_the_record(finished: Run) -> None:
    with (finished.path / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    columns = ["epoch", "learning_rate", "loss", "accuracy", "val_loss", "val_accuracy", "seconds"]
    assert list(rows[0]) == columns
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [float(row["learning_rate"]) for row in rows] == [0.004, 0.0030557678, 0.0024721879]
    record = finished.read_record()
    accuracies = [float(row["val_accuracy"]) for row in rows]
    assert record.final_accuracy == accuracies[-1]
    assert record.best_accuracy == max(accuracies)
    assert record.best_epoch == 1 + accuracies.index(max(accuracies))
    assert record.train_seconds == pytest.approx(sum(float(row["seconds"]) for row in rows))


def test_the_saved_model_is_plain_keras_and_compiled(finished: Run) -> None:
    model = keras.models.load_model(finished.path / "final.h5")
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert model.compiled


def test_the_checkpoint_is_the_best_epoch_and_final_the_last(finished: Run) -> None:
    state = read_state(finished.state_path)
    assert state is not None
    for name, weights in (("checkpoint.h5", state.best_weights), ("final.h5", state.weights)):
        pairs = zip(weights_of(finished, name), weights, strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)


def test_one_seed_gives_one_training(finished: Run, finished_on_the_twin: Run) -> None:
    assert_same_training(train_model(TINY, Path("again"))[0], finished)
    assert_same_training(train_model(ON_THE_TWIN, Path("again on the twin"))[0], finished_on_the_twin)


def test_another_seed_gives_another(finished: Run) -> None:
    other = train_model(replace(TINY, seed=1, epochs=1), Path("other"))[0]
    assert without_seconds(other)[0] != without_seconds(finished)[0]


@pytest.mark.parametrize("at", [(1, 1), (2, 5), (3, 2)])
def test_a_continued_training_is_the_uninterrupted_one_to_the_bit(
    finished_on_the_twin: Run, at: tuple[int, int]
) -> None:
    run, record = train_model(ON_THE_TWIN, Path("part"), Watcher(at, Interrupted()))
    assert (record.status, record.epochs_done) == ("interrupted", at[0] - 1)
    assert record.final_accuracy is None
    run, record = resume_training(run)
    assert (record.status, record.deterministic) == ("finished", True)
    assert_same_training(run, finished_on_the_twin)


def test_epochs_may_be_raised_afterwards(finished: Run) -> None:
    run, _ = train_model(replace(TINY, epochs=1), Path("short"))
    run, record = resume_training(run, changes={"epochs": 3})
    assert record.config.epochs == 3
    assert_same_training(run, finished)


def test_the_seconds_of_a_continued_training_add_up() -> None:
    run, first = train_model(replace(TINY, epochs=1), Path("short"))
    _, second = resume_training(run, changes={"epochs": 2})
    assert second.train_seconds > first.train_seconds
    history = read_history(run.path / "history.csv")
    assert second.train_seconds == pytest.approx(sum(row.seconds for row in history))


def test_settings_are_recorded_that_change_what_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    computing = ("ONEDNN_MAX_CPU_ISA", "TF_XLA_FLAGS", "TF_ENABLE_ONEDNN_OPTS")
    # Ray sets the last two for its workers, whose runs may be continued elsewhere.
    others = ("TF_CPP_MIN_LOG_LEVEL", "KERAS_HOME", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")
    for name in computing + others:
        monkeypatch.setenv(name, "1")
    settings = describe_environment()
    assert [settings.get(name) for name in computing] == ["1", "1", "1"]
    assert not settings.keys() & set(others)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("hardware", "processor"),
        ("versions", "tensorflow"),
        ("environment", "TF_ENABLE_ONEDNN_OPTS"),
        ("config", "threads"),
    ],
)
def test_a_run_continued_under_other_terms_promises_no_bits(part: str, name: str) -> None:
    run, record = train_model(replace(TINY, epochs=1), Path("short"))
    config = record.config
    terms: Any = (
        replace(config, threads=9) if part == "config" else {**getattr(record, part), name: "another"}
    )
    changed: dict[str, Any] = {part: terms}
    run.write_record(replace(record, **changed))
    changes = {"epochs": 2, "threads": record.config.threads}
    assert resume_training(run, changes=changes)[1].deterministic is False


def test_a_run_without_its_state_is_not_begun_anew() -> None:
    run, _ = train_model(replace(TINY, epochs=1), Path("short"))
    run.state_path.unlink()
    with pytest.raises(RunError, match=r"has lost its state\.npz"):
        resume_training(run, changes={"epochs": 2})
    assert (run.path / "final.h5").is_file()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 5}, "was started with seed 0: it cannot be continued with 5"),
        ({"batch_size": 8}, "was started with batch_size 16"),
        ({"model": "base"}, "it cannot be continued with base"),
        ({"epochs": 2}, "--epochs can only raise that"),
        ({}, "has all its 3 epochs: raise --epochs to continue it"),
    ],
)
def test_what_must_not_change_is_refused(finished: Run, changes: dict[str, Any], message: str) -> None:
    before = (finished.path / "run.json").read_bytes()
    with pytest.raises(RunError) as refusal:
        resume_training(finished, changes=changes)
    assert message in str(refusal.value)
    assert (finished.path / "run.json").read_bytes() == before


def test_a_network_that_changed_since_is_not_continued() -> None:
    shutil.copy(NETWORKS, "mine.py")
    run, _ = train_model(replace(TINY, model="mine.py:tiny", epochs=1), Path("run"))
    Path("mine.py").write_text(Path("mine.py").read_text().replace("0.25", "0.5"))
    with Path("mine.py").open("a") as file:
        file.write("\nimport pathlib\npathlib.Path('ran').touch()\n")
    with pytest.raises(RunError, match=r"mine.py:tiny has changed since run was started"):
        resume_training(run, changes={"epochs": 2})
    assert not Path("ran").exists()


def test_a_run_is_not_continued_on_other_images(monkeypatch: pytest.MonkeyPatch) -> None:
    run, record = train_model(replace(TINY, epochs=1), Path("run"))
    run.write_record(replace(record, dataset_fingerprint={"ordered": "0", "unordered": "0"}))
    with pytest.raises(RunError, match="run was trained on other images than those in"):
        resume_training(run, changes={"epochs": 2})


def test_a_validation_split_leaves_the_test_images_to_the_end() -> None:
    config = replace(TINY, validation_split=0.25, epochs=1)
    run, record = train_model(config, Path("run"))
    assert record.config.selected_on == "validation"
    assert record.train_images == 60
    assert record.test_accuracy is not None
    val_accuracy = read_history(run.path / "history.csv")[0].val_accuracy
    assert record.final_accuracy == val_accuracy
    assert val_accuracy * 20 == pytest.approx(round(val_accuracy * 20))  # of 20 images, not of 355


def test_a_compiled_network_keeps_its_own_optimizer() -> None:
    run, record = train_model(replace(TINY, model=f"{NETWORKS}:compiled", epochs=2), Path("run"))
    assert record.config.schedule == "own"
    rates = [row.learning_rate for row in read_history(run.path / "history.csv")]
    assert rates == pytest.approx([0.05, 0.05])


def test_a_sparse_loss_is_known_by_its_kind_not_its_name() -> None:
    config = replace(TINY, model=f"{NETWORKS}:named_loss", epochs=1)
    run, record = train_model(config, Path("run"))
    assert record.status == "finished"
    assert read_history(run.path / "history.csv")[0].learning_rate == 0.001


def test_the_scale_of_a_half_precision_loss_is_kept() -> None:
    config = replace(TINY, model=f"{NETWORKS}:mixed", batch_size=4)
    whole, _ = train_model(config, Path("whole"))
    part, _ = train_model(config, Path("part"), Watcher((3, 1), Interrupted()))
    resume_training(part)
    assert_same_training(part, whole)
    state = read_state(whole.state_path)
    assert state is not None
    assert len(state.optimizer) > 2 + 2 * 6  # Adam's two, two for each trainable weight, and the scale's


def test_a_state_holds_as_many_arrays_as_there_are(finished: Run, tmp_path: Path) -> None:
    state = read_state(finished.state_path)
    assert state is not None
    many = tuple(np.full(1, number) for number in range(12_345))
    write_state(tmp_path / "state.npz", replace(state, weights=many))
    back = read_state(tmp_path / "state.npz")
    assert back is not None
    assert [int(array[0]) for array in back.weights] == list(range(12_345))


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY\x01\x00", b"text"])
def test_a_damaged_state_is_said_to_be_damaged(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "state.npz").write_bytes(content)
    with pytest.raises(RunError, match="is damaged: the run cannot be continued"):
        read_state(tmp_path / "state.npz")


def test_test_images_are_used_once() -> None:
    config = replace(TINY, validation_split=0.25, epochs=1)
    run, _ = train_model(config, Path("run"))
    with pytest.raises(RunError, match="has used its test images, which it may do once"):
        resume_training(run, changes={"epochs": 2})


def test_a_compiled_network_may_return_logits() -> None:
    _, record = train_model(replace(TINY, model=f"{NETWORKS}:compiled_logits", epochs=1), Path("run"))
    assert record.status == "finished"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("logits", "returns logits, not probabilities: end it with a softmax"),
        ("grey", "(32, 32, 3) is needed"),
        ("twelve_classes", "(10,) is needed"),
        ("subclassed", "make it Functional"),
    ],
)
def test_a_network_unfit_for_training_leaves_nothing_behind(function: str, message: str) -> None:
    with pytest.raises(ModelError) as refusal:
        train_model(replace(TINY, model=f"{NETWORKS}:{function}"), Path("run"))
    assert message in str(refusal.value)
    assert not list(Path().iterdir())


def test_an_existing_directory_is_refused_before_anything_is_loaded() -> None:
    Path("run").mkdir()
    with pytest.raises(RunError, match="run exists: name another --run-dir"):
        train_model(TrainConfig(data_dir="nowhere"), Path("run"))
    assert not list(Path("run").iterdir())


def test_a_diverged_training_stops_and_says_where() -> None:
    config = replace(TINY, model=f"{NETWORKS}:exploding")
    with pytest.raises(
        TrainingError, match=r"the loss became nan at epoch 1, step \d+ \(learning rate 1e\+30\)"
    ):
        train_model(config, Path("run"))
    assert Run(Path("run")).read_record().status == "failed"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file sizes")
def test_a_full_disk_ends_in_one_line_and_keeps_what_is_complete(finished: Run) -> None:
    import resource

    class FillsTheDisk(Watcher):
        def epoch_done(self, row: EpochRow, is_best: bool) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))  # the state takes more

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(
            RunError, match="cannot write to run: File too large; its 1 complete epochs are kept"
        ):
            train_model(TINY, Path("run"), FillsTheDisk())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    run = Run(Path("run"))
    assert run.read_record().status == "failed"
    resume_training(run)
    assert_same_training(run, finished)


def test_a_run_is_trained_by_one_process_at_a_time() -> None:
    class Intruder(Watcher):
        def epoch_done(self, row: EpochRow, is_best: bool) -> None:
            with pytest.raises(RunError, match="run is being trained by another process"):
                resume_training(Run(Path("run")))
            super().epoch_done(row, is_best)

    watcher = Intruder()
    train_model(replace(TINY, epochs=2), Path("run"), watcher)
    assert len(watcher.rows) == 2


def test_the_observer_hears_of_every_epoch_and_of_the_best() -> None:
    watcher = Watcher()
    run, _ = train_model(TINY, Path("run"), watcher)
    assert tuple(watcher.rows) == read_history(run.path / "history.csv")
    assert watcher.best[0]


def test_tensorboard_gets_every_epoch() -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run, _ = train_model(replace(TINY, tensorboard=True, epochs=2), Path("run"))
    events = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    assert "val_accuracy" in events.Tags()["tensors"]
    assert [event.step for event in events.Tensors("val_accuracy")] == [1, 2]
