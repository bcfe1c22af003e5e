"""The door to Keras: its settings for one network and not the next, and what a notebook has done before."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from eip_cli.cli.common.options import is_verbose
from eip_cli.foundation.backend import default_settings, keras, use_default_settings
from eip_cli.networks.known import build_base
from eip_cli.networks.model import build_model

MIXED = """
import keras

def mixed():
    keras.config.set_dtype_policy("mixed_float16")
    keras.config.set_epsilon(0.01)
    return keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)])

def half():
    keras.config.set_floatx("float16")
    return keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)])
"""


@pytest.fixture(autouse=True)
def settings_of_this_test_alone():
    with default_settings():
        yield


def precision(model: keras.Model) -> set[str]:
    return {layer.compute_dtype for layer in model.layers if layer.weights}


def test_what_a_network_sets_holds_for_it_and_not_for_the_known_ones_beside_it() -> None:
    Path("nets.py").write_text(MIXED)
    assert precision(build_model("nets.py:mixed")) == {"float16"}
    assert precision(build_base()) == {"float32"}  # as when a file's network is looked for
    assert keras.config.epsilon() == 0.01  # the user's network still has its own
    assert keras.config.dtype_policy().name == "mixed_float16"


def test_what_a_network_sets_is_forgotten_for_the_next() -> None:
    Path("nets.py").write_text(MIXED)
    build_model("nets.py:mixed")
    assert precision(build_model("base")) == {"float32"}
    assert keras.config.epsilon() == 1e-7
    build_model("nets.py:half")
    assert precision(build_model("base")) == {"float32"}


def test_floatx_means_to_a_users_network_what_it_means_to_keras() -> None:
    Path("nets.py").write_text(MIXED)
    build_model("base")  # whose layers must not have fixed a policy
    assert precision(build_model("nets.py:half")) == {"float16"}


def test_the_defaults_end_with_their_block() -> None:
    keras.config.set_image_data_format("channels_first")
    with default_settings():
        assert keras.config.image_data_format() == "channels_last"
    assert keras.config.image_data_format() == "channels_first"
    use_default_settings()
    assert keras.config.image_data_format() == "channels_last"


NOTEBOOK = """
import sys, json, hashlib
from pathlib import Path
import numpy as np
import tensorflow as tf
tf.constant(1)
from eip_cli import (EipError, TrainConfig, build_model, compare_with_baseline, evaluate_checkpoint, find_run,
                     load_history, open_model, summarize_model, train_model)
parameters = summarize_model(build_model("base"), "base").total_params
config = TrainConfig(model="nets.py:net", dataset="digits", limit_train=384, batch_size=128, epochs=1,
                     accelerate=False)
run, record = train_model(config, sys.argv[1])
evaluation = evaluate_checkpoint(Path(sys.argv[1]))
assert find_run(run.path) == run and len(load_history(run.path)) == 1
assert len(compare_with_baseline(sys.argv[1])) == len(compare_with_baseline([run.path])) == 1
assert open_model(run.path).run == run
try:
    train_model(TrainConfig(model="nets.py:net", dataset="digits", threads=record.config.threads + 1))
except EipError as error:
    refusal = str(error)
state = np.load(run.state_path)
weights = b"".join(state[name].tobytes() for name in state.files if "weights" in name)
print(json.dumps([parameters, record.config.threads, record.deterministic, record.environment,
                  evaluation.n, refusal, hashlib.sha256(weights).hexdigest()]))
"""
NETWORK = """
import keras

def net():
    layers = keras.layers
    return keras.Sequential([
        keras.Input((32, 32, 3)),
        layers.Conv2D(8, 3, strides=2, activation="relu"), layers.BatchNormalization(),
        layers.Conv2D(8, 3, strides=2, activation="relu"), layers.BatchNormalization(), layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ])
"""


def test_a_notebook_that_has_used_tensorflow_trains_and_repeats() -> None:
    Path("nets.py").write_text(NETWORK)
    settings = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    answers = []
    for name in ("one", "two"):
        command = [sys.executable, "-c", NOTEBOOK, name]
        result = subprocess.run(command, capture_output=True, text=True, check=True, env=settings)
        answers.append(json.loads(result.stdout.splitlines()[-1]))
    parameters, threads, deterministic, environment, n, refusal, _ = answers[0]
    assert (parameters, deterministic, n) == (1_172_410, True, 355)
    assert threads == len(os.sched_getaffinity(0))
    assert environment == {}  # what would be set too late is not, and not recorded
    assert f"with {threads} threads, not {threads + 1}: use a new process" in refusal
    assert answers[0] == answers[1]


THREADS = """
import keras
import tensorflow as tf

def one_thread():
    tf.config.threading.set_intra_op_parallelism_threads(1)
    return keras.Sequential([
        keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")
    ])
"""


def test_threads_that_a_networks_code_chooses_are_recorded() -> None:
    Path("nets.py").write_text(THREADS)
    command = [
        sys.executable,
        "-m",
        "eip_cli",
        "train",
        "--model",
        "nets.py:one_thread",
        "--dataset",
        "digits",
    ]
    command += ["--limit-train", "32", "--epochs", "1", "--format", "json"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout)["threads"] == 1


@pytest.mark.skipif(is_verbose(), reason="the user asked for all that is said")
def test_tensorflow_is_silent_about_networks_traced_one_after_another() -> None:
    assert not logging.getLogger("tensorflow").isEnabledFor(logging.WARNING)
