"""How to repeat a run: its network as plain Keras, its configuration as a command line."""

import shlex
from dataclasses import replace

import click
import numpy as np
import pytest

from eip_cli.cli import cli
from eip_cli.cli.common.training_options import given_settings
from eip_cli.foundation.backend import keras
from eip_cli.networks.model import build_model
from eip_cli.networks.source_text.network_text import write_network_code
from eip_cli.recipes.configuration import OWN, TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.recipes.train_command import write_train_command
from tests.support.networks import tiny

layers = keras.layers


def many_settings() -> keras.Sequential:
    """Settings of every kind that a plain layer has."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.ZeroPadding2D(((1, 0), (2, 1))),
            layers.SeparableConv2D(
                8, (3, 5), strides=2, use_bias=False, depth_multiplier=2, depthwise_initializer="he_normal"
            ),
            layers.BatchNormalization(momentum=0.9, scale=False, name='a "name"\'s ```\n'),
            layers.LeakyReLU(0.2),
            layers.Conv2D(4, 1, kernel_regularizer=keras.regularizers.L2(0.01), kernel_constraint="max_norm"),
            layers.MaxPooling2D(3, strides=1, padding="same"),
            layers.Dropout(0.3, seed=4),
            layers.Reshape((-1,)),
            layers.Dense(10, "softmax", trainable=False),
        ]
    )


def functional_chain() -> keras.Model:
    """Layers one after the other, without Sequential."""
    image = keras.Input((32, 32, 3))
    features = layers.BatchNormalization()(layers.SeparableConv2D(4, 3)(image))
    return keras.Model(image, layers.Dense(10, "softmax")(layers.Flatten()(features)))


@pytest.mark.parametrize(
    "model",
    [build_model("separable"), build_model("base"), tiny(), many_settings(), functional_chain()],
    ids=["separable", "base", "tiny", "many settings", "functional"],
)
def test_the_code_builds_the_same_network(model: keras.Model) -> None:
    code = write_network_code(model)
    assert code is not None
    names: dict[str, keras.Model] = {}
    exec(code, names)
    twin = names["model"]
    built_layers = [layer for layer in model.layers if not isinstance(layer, layers.InputLayer)]
    assert [layer.count_params() for layer in twin.layers] == [layer.count_params() for layer in built_layers]
    assert len(twin.trainable_weights) == len(model.trainable_weights)
    twin.set_weights(model.get_weights())
    images = np.random.default_rng(0).random((4, 32, 32, 3), dtype="float32")
    np.testing.assert_array_equal(twin(images, training=False), model(images, training=False))
    for ours, theirs in zip(twin.layers, built_layers, strict=True):
        assert {**ours.get_config(), "name": ""} == {**theirs.get_config(), "name": ""}


def test_only_what_differs_from_keras_is_written() -> None:
    code = write_network_code(build_model("separable")) or ""
    assert "layers.SeparableConv2D(64, 3, padding='same', activation='relu', name='conv1')," in code
    assert "    layers.Flatten()," in code


def keep(tensor: object) -> object:
    """An activation of one's own."""
    return tensor


def test_what_is_more_than_plain_keras_has_no_code() -> None:
    image = keras.Input((32, 32, 3))
    early = layers.Dense(10)(layers.Flatten()(image))
    two_ends = keras.Model(image, [early, layers.Dense(10)(early)])
    own_kind = type("Own", (layers.Dense,), {})
    own = keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), own_kind(10)])
    function = keras.Sequential(
        [keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10, activation=keep)]
    )
    models = (two_ends, own, function)
    assert [write_network_code(model) for model in models] == [None] * len(models)


def resolve_command(command: str, **known: bool | str | None) -> TrainConfig:
    """The configuration that ``eip train`` would resolve this command line to."""
    program, name, *arguments = shlex.split(command)
    assert (program, name) == ("eip", "train")
    # As under its group: Click remembers the names of the help option from the first context it sees.
    program_context = click.Context(cli, **cli.context_settings)
    context = cli.commands["train"].make_context("train", arguments, parent=program_context)
    options = {key: value for key, value in context.params.items() if key in TrainConfig().to_dict()}
    with program_context, context:
        return resolve_config(TrainConfig(**given_settings(context, options)), **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "command"),
    [
        (TrainConfig(), "eip train --threads 2"),
        (TrainConfig(model="base", seed=7), "eip train --model base --seed 7 --threads 2"),
        (
            TrainConfig(dataset="digits", epochs=3, batch_size=32, learning_rate=0.0021, limit_train=100),
            "eip train --dataset digits --epochs 3 --batch-size 32 --learning-rate 0.0021 --limit-train 100 "
            "--threads 2",
        ),
        (
            TrainConfig(validation_split=0.1, accelerate=False, tensorboard=True, trust=True),
            "eip train --validation-split 0.1 --threads 2 --no-accelerate --tensorboard --trust",
        ),
        (TrainConfig(model="pkg.mod:net"), "eip train --model pkg.mod:net --threads 2"),
        (TrainConfig(model="it's $mine.py:net"), "eip train --model 'it'\"'\"'s $mine.py:net' --threads 2"),
    ],
)
def test_the_command_is_parsed_to_the_runs_configuration(config: TrainConfig, command: str) -> None:
    resolved = resolve_config(replace(config, threads=2))
    assert write_train_command(resolved) == command
    assert resolve_command(command) == resolved


def test_a_network_with_an_optimizer_of_its_own_keeps_it() -> None:
    resolved = resolve_config(TrainConfig(model="net.py:compiled", threads=1), compiled=True)
    assert resolved.schedule == OWN
    assert write_train_command(resolved) == "eip train --model net.py:compiled --threads 1"
    given = replace(resolved, learning_rate=0.1)
    command = "eip train --model net.py:compiled --learning-rate 0.1 --threads 1"
    assert write_train_command(given) == command
    assert resolve_command(command, compiled=True) == given


def test_a_checkpoint_follows_the_protocol_of_the_network_that_it_holds() -> None:
    resolved = resolve_config(TrainConfig(model="start.h5", threads=1), network="base")
    command = write_train_command(resolved, "base")
    assert command == "eip train --model start.h5 --threads 1"
    assert resolve_command(command, network="base") == resolved


@pytest.mark.parametrize("model", ["/home/me/net.py:f", r"C:\Users\me\net.py:f"])
def test_folders_of_a_machine_stay_there(model: str) -> None:
    config = resolve_config(TrainConfig(model=model, threads=1, data_dir="/home/me/data"))
    assert write_train_command(config) == "eip train --model net.py:f --threads 1"
