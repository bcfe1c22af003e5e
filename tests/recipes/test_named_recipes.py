"""Recipes: named ones, files with the same keys, another run's settings; what overrides them is said."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eip_cli.cli import cli
from eip_cli.foundation.errors import TrainingError
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.named_recipes import list_recipes, parse_recipe, read_named_recipe
from eip_cli.recipes.protocols import resolve_config
from eip_cli.recipes.train_command import write_train_command
from eip_cli.runs.recipe_names import find_recipe
from tests.support.places import EXAMPLES, NETWORKS

SHORT = ["--model", f"{NETWORKS}:tiny", "--dataset", "digits", "--limit-train", "64", "--no-accelerate"]


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), prog_name="eip")


@pytest.mark.parametrize(
    ("name", "model"), [("report", "separable"), ("base", "base"), ("wall", "residual"), ("quick", "quick")]
)
def test_a_known_networks_own_protocol_is_a_recipe_like_any_other(name: str, model: str) -> None:
    by_recipe = replace(TrainConfig(**find_recipe(name).settings), model=model, threads=1)
    assert resolve_config(by_recipe) == resolve_config(TrainConfig(model=model, threads=1))


def test_every_named_recipe_is_listed_described_and_possible() -> None:
    listed = json.loads(eip("recipes", "--format", "json").stdout)
    assert [recipe["name"] for recipe in listed] == list(list_recipes())
    assert all(len(recipe["description"]) > 20 for recipe in listed)
    shown = eip("recipes").stdout
    for name, recipe in list_recipes().items():
        assert name in shown
        resolve_config(TrainConfig(**recipe.settings))


def test_a_recipe_printed_is_a_file_to_change() -> None:
    text = eip("recipes", "wall").stdout
    assert text == read_named_recipe("wall")
    Path("mine.toml").write_text(text.replace("epochs = 50", "epochs = 3"))
    assert find_recipe("mine.toml").epochs == 3
    assert find_recipe("mine.toml").augment == ("flip", "crop=3")


def test_the_recipe_to_change_is_possible() -> None:
    recipe = find_recipe(str(EXAMPLES / "my_recipe.toml"))
    config = resolve_config(TrainConfig(**recipe.settings))
    assert (config.optimizer, config.schedule, config.epochs) == ("sgd", "one-cycle=10", 50)
    assert config.augment == ("flip", "crop=4", "cutout=8")


def test_options_override_a_recipe_and_that_is_said() -> None:
    options = ["--recipe", "wall", "--epochs", "1", "--batch-size", "16", "--optimizer", "adamw"]
    trained = eip("train", *SHORT, *options, "--run-dir", "one", "--format", "json")
    assert trained.exit_code == 0, trained.stderr
    assert "epochs 1 overrides the recipe's 50" in trained.stderr
    assert "batch size 16 overrides the recipe's 128" in trained.stderr
    assert "optimizer" not in trained.stderr.partition("Training ")[0]  # it is the recipe's own
    config = json.loads(trained.stdout)["config"]
    assert (config["epochs"], config["schedule"], config["learning_rate"]) == (1, "one-cycle", 0.01)
    assert config["augment"] == ["flip", "crop=3"]
    again = eip("train", *SHORT, "--recipe", "one", "--run-dir", "two", "--format", "json")
    assert json.loads(again.stdout)["config"] == config
    assert json.loads(again.stdout)["best_accuracy"] == json.loads(trained.stdout)["best_accuracy"]


def test_a_recipe_with_a_network_trains_it_unless_another_is_named() -> None:
    Path("mine.toml").write_text(f"model = '{NETWORKS}:tiny'\nepochs = 1\nlearning_rate = 0.01\n")
    options = ["--dataset", "digits", "--limit-train", "64", "--no-accelerate", "--recipe", "mine.toml"]
    trained = eip("train", *options, "--run-dir", "one", "--format", "json")
    assert trained.exit_code == 0, trained.stderr
    assert json.loads(trained.stdout)["config"]["model"] == f"{NETWORKS}:tiny"
    other = eip("train", *options, "--model", f"{NETWORKS}:compiled", "--run-dir", "two", "--format", "json")
    assert json.loads(other.stdout)["config"]["model"] == f"{NETWORKS}:compiled"
    assert f"model {NETWORKS}:compiled overrides the recipe's {NETWORKS}:tiny" in other.stderr
    swept = eip("sweep", *options, "--seeds", "1", "--jobs", "1", "--sweep-dir", "sweep", "--format", "json")
    assert swept.exit_code == 0, swept.stderr
    assert [path.name for path in Path("sweep").glob("*-seed0")] == ["tiny-seed0"]
    tried = eip("find-rate", "--recipe", "mine.toml", *options[:5], "--seeds", "1", "--steps", "50")
    assert tried.exit_code == 0, tried.stderr
    # Of a run only the settings are taken: its network may be another one's file.
    assert find_recipe("one").model is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch = 3", "there is no setting 'epoch': did you mean epochs?"),
        ("colour = 'red'", "there is no setting 'colour': use model, epochs, "),
        ("epochs = 'three'", "expected int | null, got str at epochs"),
        ("epochs = 0", "expected int >= 1 at epochs"),
        ("optimizer = 'adagrad'", "no optimizer 'adagrad': use adam"),
        ("augment = ['flop']", "no augmentation 'flop'"),
        ("augment = 'flip'", "expected array | null, got str at augment"),
        ("schedule = 'fast'", "no schedule 'fast'"),
        ("epochs = ", "mine.toml is no TOML"),
        ("epochs = 3\nepochs = 4", "mine.toml is no TOML"),
    ],
)
def test_a_recipe_with_a_mistake_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(TrainingError) as refusal:
        parse_recipe(text, "mine.toml")
    assert message in str(refusal.value)
    assert "mine.toml" in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wal", "no recipe 'wal': use base, quick, report, wall, a .toml file, or a run"),
        ("missing.toml", "cannot read the recipe missing.toml: No such file"),
        ("../named/wall", "no recipe '../named/wall'"),
    ],
)
def test_what_is_no_recipe_is_named(name: str, message: str) -> None:
    for command in (["train"], ["sweep"]):
        result = eip(*command, *SHORT, "--recipe", name)
        assert result.exit_code == 1
        assert message in result.stderr


def test_a_networks_own_average_is_left_out_where_that_is_said() -> None:
    own = resolve_config(TrainConfig(model="quick", threads=1))
    assert own.average_weights
    without = resolve_config(TrainConfig(model="quick", threads=1, average_weights=0))
    assert without.average_weights == 0
    assert resolve_config(without) == without  # as a run that is continued has it
    assert write_train_command(own) == "eip train --model quick --threads 1"
    assert "--average-weights 0.0" in write_train_command(without)
    assert resolve_config(TrainConfig(model="residual", threads=1, average_weights=0)).average_weights is None


def test_a_networks_own_optimizer_is_no_recipe() -> None:
    own = [word.replace(":tiny", ":compiled") for word in SHORT]
    assert eip("train", *own, "--epochs", "1", "--run-dir", "run").exit_code == 0
    assert "own optimizer, which is no recipe" in eip("train", *SHORT, "--recipe", "run").stderr
