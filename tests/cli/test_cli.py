"""Every command through Click's runner: what it accepts, prints and writes."""

import csv
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from eip_cli import __version__
from eip_cli.cli import cli
from eip_cli.cli.common.options import FORMATS
from eip_cli.pictures.curves import draw_curves
from eip_cli.published.baseline import CIFAR10_FINGERPRINT
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.runs.history import EpochRow
from tests.support.fakes import write_cifar10
from tests.support.places import NETWORKS

TRAIN_TINY = [
    "train",
    "--model",
    f"{NETWORKS}:tiny",
    "--dataset",
    "digits",
    "--limit-train",
    "80",
    "--epochs",
    "2",
]


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="eip")


def printed_json(*arguments: str) -> Any:
    result = eip(*arguments, "--format", "json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished run under ``runs/``."""
    folder = tmp_path_factory.mktemp("home")
    with _inside(folder):
        assert eip(*TRAIN_TINY).exit_code == 0
    return folder


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def all_commands() -> list[str]:
    return sorted(cli.commands)


@pytest.mark.parametrize("command", all_commands())
def test_every_command_and_option_has_help(command: str) -> None:
    result = eip(command, "-h")
    assert result.exit_code == 0
    assert cli.commands[command].help
    for parameter in cli.commands[command].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.opts[-1] in result.stdout


@pytest.mark.parametrize("command", sorted(set(all_commands()) - {"data", "report"}))
def test_every_command_that_prints_a_table_has_every_format(command: str) -> None:
    (option,) = (one for one in cli.commands[command].params if one.name == "output_format")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == FORMATS


def test_the_version_is_the_packages() -> None:
    assert eip("--version").stdout == f"eip, version {__version__}\n"


def test_summary_of_separable_is_the_contracts() -> None:
    content = printed_json("summary")
    names = ["model", "total_params", "trainable_params", "non_trainable_params", "macs"]
    names += ["receptive_field", "effective_stride", "effective_padding", "layers", "warnings"]
    assert list(content) == names
    assert [content[name] for name in names[:8]] == ["separable", 58965, 57793, 1172, 21134910, 44, 8, 9]
    assert content["layers"][0] == {
        "name": "conv1",
        "type": "SeparableConv2D",
        "output_shape": [32, 32, 64],
        "params": 283,
        "macs": 32 * 32 * 3 * (9 + 64),
        "receptive_field": 3,
        "effective_stride": 1,
        "effective_padding": 1,
    }
    assert content["layers"][-1]["receptive_field"] is None


def test_summary_of_separable_has_the_true_receptive_fields() -> None:
    layers = printed_json("summary")["layers"]
    kinds = ("SeparableConv2D", "AveragePooling2D")
    fields = [layer["receptive_field"] for layer in layers if layer["type"] in kinds]
    assert fields == [3, 5, 7, 8, 12, 16, 20, 24, 28, 44]


def test_a_network_that_sees_the_whole_image_is_given_no_number() -> None:
    content = printed_json("summary", f"{NETWORKS}:excited")
    assert content["whole_image_seen"] is True
    assert [content[name] for name in ("receptive_field", "effective_stride", "effective_padding")] == [
        None
    ] * 3
    shown = " ".join(eip("summary", f"{NETWORKS}:excited", "--show-rf").stdout.split())
    assert "receptive field: the whole image" in shown


def test_layers_and_parameters_need_no_receptive_field() -> None:
    content = printed_json("summary", f"{NETWORKS}:open_size")
    assert [layer["output_shape"] for layer in content["layers"]][:2] == [[None, None, 3], [None, None, 4]]
    assert (content["total_params"], content["macs"], content["receptive_field"]) == (162, 40, None)
    assert "a fixed size such as" in content["receptive_field_unknown"]
    assert any("open size" in warning for warning in content["warnings"])
    table = eip("summary", f"{NETWORKS}:unknown_layer")
    assert "no receptive field for layer 'mystery" in " ".join(table.stdout.split())
    assert eip("build", f"{NETWORKS}:unknown_layer").exit_code == 0
    assert "?x?x4" in eip("summary", f"{NETWORKS}:open_size").stdout
    refused = eip("summary", f"{NETWORKS}:open_size", "--show-rf")
    assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)


def test_a_run_of_a_network_that_sees_the_whole_image_says_so_wherever_it_is_shown(tmp_path: Path) -> None:
    arguments = ["--limit-train", "40", "--epochs", "1", "--dataset", "digits", "--run-dir", "seen"]
    record = printed_json("train", "--model", f"{NETWORKS}:excited", *arguments)
    assert (record["receptive_field"], record["whole_image_seen"]) == (None, True)
    for name in ("seen", "seen/final.h5"):
        row = printed_json("compare-baseline", name)[2]
        assert (row["receptive_field"], row["whole_image_seen"]) == (None, True)
    assert "all" in eip("compare-baseline", "seen").stdout.split()
    assert eip("report", "seen", "-o", "page.md").exit_code == 0
    assert "| Receptive field | the whole image |" in Path("page.md").read_text(encoding="utf-8")


def test_the_summary_table_is_this_one_at_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = eip("summary", "--show-rf", "--show-macs")
    assert result.exit_code == 0
    golden = Path(__file__).with_name("golden_summary.txt").read_text(encoding="utf-8")
    assert [line.rstrip() for line in result.stdout.splitlines()] == golden.splitlines()
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_a_table_in_a_pipe_has_no_control_characters() -> None:
    for command in (["summary", "--show-rf"], ["compare-baseline"]):
        assert "\x1b" not in eip(*command).stdout


@pytest.mark.parametrize("output_format", ["json", "csv", "markdown"])
def test_other_formats_hold_the_same_rows(output_format: str) -> None:
    text = eip("summary", "--format", output_format).stdout
    if output_format == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["params"] for row in rows[:2]] == ["283", "256"]
        assert len(rows) == 25
    elif output_format == "markdown":
        assert "| Layer | Type | Output | Params |" in text
        assert "| conv1 | SeparableConv2D | 32x32x64 | 283 |" in text
    else:
        assert len(json.loads(text)["layers"]) == 25


def test_build_prints_totals_and_writes_the_untrained_network() -> None:
    content = printed_json("build", "base", "-o", "base.keras")
    assert (content["total_params"], content["file"]) == (1_172_410, "base.keras")
    assert printed_json("summary", "base.keras")["total_params"] == 1_172_410


def test_build_overwrites_nothing() -> None:
    Path("net.h5").write_text("mine")
    result = eip("build", "-o", "net.h5")
    assert (result.exit_code, result.stderr) == (1, "Error: net.h5 exists: name another file, or remove it\n")
    assert Path("net.h5").read_text() == "mine"


def test_train_prints_its_record_as_json_and_nothing_else() -> None:
    result = eip(*TRAIN_TINY, "--run-dir", "mine", "--seed", "3", "--format", "json")
    assert json.loads(result.stdout) == json.loads(Path("mine/run.json").read_text())
    assert "Epoch" in result.stderr
    assert sum(line.lstrip().startswith(("1/2", "2/2")) for line in result.stderr.splitlines()) == 2


def test_a_network_that_only_guesses_is_said_to_once() -> None:
    settings = ["--model", f"{NETWORKS}:dead", "--dataset", "digits", "--limit-train", "1000"]
    result = eip("train", *settings, "--batch-size", "4", "--epochs", "3")
    assert result.exit_code == 0
    assert result.stderr.count("is guessing") == 1
    assert "right in training after 500 steps is guessing" in " ".join(result.stderr.split())


def test_train_reads_cifar10_where_it_is_told_and_remembers_it(tmp_path: Path) -> None:
    write_cifar10(tmp_path / "data")
    result = eip(*TRAIN_TINY, "--dataset", "cifar10", "--data-dir", "data", "--run-dir", "run")
    assert result.exit_code == 0, result.stderr
    record = json.loads(Path("run/run.json").read_text())
    assert record["config"]["data_dir"] == str(tmp_path / "data")
    assert "vs 82.44" in result.stderr
    row = printed_json("compare-baseline", "run")[2]
    assert (row["source"], row["verdict"], row["epochs"]) == ("run", "not comparable", 2)
    assert any("80 images only" in note for note in row["notes"])
    assert any("not CIFAR-10's own" in note for note in row["notes"])
    row = printed_json("compare-baseline", "run/final.h5")[2]
    assert (row["source"], row["epochs"], row["final_accuracy"]) == ("checkpoint", None, 0.1)
    Path("stranger.h5").write_bytes(Path("run/checkpoint.h5").read_bytes())
    picked, unknown = printed_json(
        "compare-baseline", "run/checkpoint.h5", "stranger.h5", "--data-dir", "data"
    )[2:]
    assert (picked["selected_on"], picked["verdict"]) == ("test", "not comparable")
    # No better than guessing, whatever the pixels: that says nothing of what the weights can do.
    assert (unknown["selected_on"], unknown["verdict"]) == ("unknown", "not comparable")
    assert any(note.startswith("no verdict: ") for note in unknown["notes"])
    assert any("of unknown origin" in note for note in unknown["notes"])


def test_evaluate_finds_the_run_of_a_bare_checkpoint(home: Path) -> None:
    with _inside(home):
        result = eip("evaluate", "checkpoint.h5", "--format", "json")
        (run,) = Path("runs").iterdir()
    content = json.loads(result.stdout)
    assert result.stderr.startswith("no checkpoint.h5 here: taking ")
    record = json.loads((home / run / "run.json").read_text())
    assert content["accuracy"] == pytest.approx(record["best_accuracy"])
    assert (content["dataset"], content["n"], content["split"]) == ("digits", 355, "test")
    assert (content["baseline_accuracy"], content["delta"]) == (None, None)
    assert content["selected_on"] == "test"
    low, high = content["accuracy_ci95"]
    assert low <= content["accuracy"] <= high
    assert list(content["per_class"]) == list("0123456789")


def test_evaluate_says_that_a_checkpoint_was_picked_on_the_test_images(home: Path) -> None:
    with _inside(home):
        assert "Note: picked as best on the test images" in eip("evaluate", "latest").stdout
        (run,) = Path("runs").iterdir()
        assert "picked as best" not in eip("evaluate", f"{run}/final.h5").stdout


def test_evaluate_says_that_a_file_is_not_the_one_its_run_recorded(home: Path) -> None:
    with _inside(home):
        (run,) = Path("runs").iterdir()
        final = run / "final.h5"
        before = final.read_bytes()
        final.write_bytes((run / "checkpoint.h5").read_bytes())
        if final.read_bytes() == before:
            final.unlink()
            assert eip("build", f"{NETWORKS}:tiny", "-o", str(final)).exit_code == 0
        try:
            content = printed_json("evaluate", str(final))
        finally:
            final.write_bytes(before)
    assert content["selected_on"] == "unknown"
    assert content["notes"][0] == "final.h5 is not the file that its run recorded (its SHA-256 differs)"


def test_evaluate_draws_and_prints_the_confusion_matrix(home: Path, tmp_path: Path) -> None:
    plot = tmp_path / "matrix.png"
    with _inside(home):
        arguments = ("evaluate", "latest", "--confusion-matrix", "--plot", str(plot))
        content = printed_json(*arguments)
    matrix = content["confusion_matrix"]
    assert [sum(row) for row in matrix] == [35, 36, 35, 36, 36, 36, 36, 35, 34, 36]
    assert sum(matrix[i][i] for i in range(10)) / 355 == pytest.approx(content["accuracy"])
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_compare_baseline_prints_the_published_rows_first() -> None:
    base, separable = printed_json("compare-baseline")
    names = ["name", "source", "params", "receptive_field", "epochs", "final_accuracy", "best_accuracy"]
    names += ["best_epoch", "selected_on", "delta", "delta_ci95", "verdict", "notes", "model", "n"]
    names += ["accuracy_sd", "accuracy_ci95", "seeds", "trained_baseline", "trained_delta"]
    names += ["trained_delta_ci95", "trained_verdict", "mcnemar", "statement", "n_planned"]
    names += ["test_accuracy", "test_accuracy_sd", "test_accuracy_ci95"]
    assert list(base) == names
    assert (base["final_accuracy"], base["delta"], base["verdict"]) == (0.8244, 0.0, "indistinguishable")
    assert (separable["best_accuracy"], separable["best_epoch"]) == (0.8515, 48)
    assert separable["verdict"] == "better"


def test_a_run_on_other_data_is_not_compared(home: Path) -> None:
    with _inside(home):
        row = printed_json("compare-baseline", "latest")[2]
    assert (row["source"], row["verdict"]) == ("run", "not comparable")
    assert [row[name] for name in ("final_accuracy", "best_accuracy", "delta", "delta_ci95")] == [None] * 4
    assert "trained on digits" in row["notes"]


def write_cifar10_run(accuracy: float, **changes: Any) -> None:
    """A finished run on CIFAR-10 as a training would have recorded it."""
    from tests.runs.test_runs import make_run, record_of

    run = make_run("mine", "2026-01-01T00:00:00+00:00")
    record = record_of("mine").to_dict()
    record |= {"final_accuracy": accuracy, "best_accuracy": accuracy, "best_epoch": 1, "epochs_done": 50}
    record |= {"params": 58_965, "receptive_field": [44, 44]}
    record["dataset_fingerprint"] = {"unordered": CIFAR10_FINGERPRINT}
    record["config"] |= changes
    run.record_path.write_text(json.dumps(record))
    header = "epoch,learning_rate,loss,accuracy,val_loss,val_accuracy,seconds\n"
    (run.path / "history.csv").write_text(f"{header}1,0.004,1.5,0.4,1.5,{accuracy},13\n")


@pytest.mark.parametrize(("accuracy", "status"), [(0.86, 0), (0.83, 1), (0.70, 1)])
def test_require_better_is_a_gate_for_scripts(accuracy: float, status: int) -> None:
    write_cifar10_run(accuracy)
    assert eip("compare-baseline", "--require-better", "mine").exit_code == status


def test_require_better_without_a_run_is_a_usage_error() -> None:
    assert eip("compare-baseline", "--require-better").exit_code == 2


def test_a_run_on_part_of_the_images_is_compared_and_marked() -> None:
    write_cifar10_run(0.86, limit_train=1000)
    row = printed_json("compare-baseline", "mine")[2]
    assert row["verdict"] == "better"
    assert any("images only" in note for note in row["notes"])


def test_a_validation_accuracy_is_not_compared() -> None:
    write_cifar10_run(0.86, validation_split=0.1)
    assert printed_json("compare-baseline", "mine")[2]["verdict"] == "not comparable"


def test_compare_baseline_draws_the_curves() -> None:
    write_cifar10_run(0.86)
    assert eip("compare-baseline", "mine", "--plot", "curves.svg").exit_code == 0
    drawing = Path("curves.svg").read_text(encoding="utf-8")
    assert "<svg" in drawing


def test_curves_have_the_line_to_beat_on_cifar10_only(tmp_path: Path) -> None:
    rows = tuple(EpochRow(epoch, 0.004, 1.0, 0.5, 1.0, 0.5, 13.0) for epoch in (1, 2))
    draw_curves(rows, TrainConfig(), tmp_path / "with.svg")
    draw_curves(rows, TrainConfig(dataset="digits"), tmp_path / "without.svg")
    with_line, without = (len((tmp_path / name).read_text()) for name in ("with.svg", "without.svg"))
    assert with_line > without


def test_ctrl_c_before_any_work_exits_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("eip_cli.checkpoints.opening.open_model", interrupt)
    assert eip("summary", "--code").exit_code == 130


def test_a_run_may_start_from_a_checkpoint_and_continue_wherever_it_is(home: Path, tmp_path: Path) -> None:
    run = str(tmp_path / "second")
    with _inside(home):
        few = ("--dataset", "digits", "--limit-train", "80", "--epochs", "1")
        result = eip("train", "--model", "latest", *few, "--run-dir", run)
        assert result.exit_code == 0, result.stderr
        assert result.stderr.startswith("latest is ")
    result = eip("train", "--resume", run, "--epochs", "2")
    assert result.exit_code == 0, result.stderr


def test_a_checkpoint_of_a_known_network_is_trained_by_that_networks_protocol() -> None:
    assert eip("build", "base", "-o", "start.h5").exit_code == 0
    few = ("--dataset", "digits", "--limit-train", "16", "--epochs", "1")
    config = printed_json("train", "--model", "start.h5", *few)["config"]
    assert (config["schedule"], config["learning_rate"]) == ("constant", 0.001)


@pytest.mark.parametrize("command", [["evaluate", "net.h5", "--dataset", "digits"], ["compare-baseline"]])
def test_a_plot_overwrites_nothing(command: list[str]) -> None:
    Path("mine.png").write_text("mine")
    result = eip(*command, "--plot", "mine.png")
    assert result.stderr == "Error: mine.png exists: name another file, or remove it\n"
    assert Path("mine.png").read_text() == "mine"


@pytest.mark.parametrize("columns", [20, 40, 60])
def test_no_number_is_cut_in_a_narrow_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    comparison = eip("compare-baseline").stdout
    for number in ("1,172,410", "58,965", "84.41%", "85.15%*", "±1.60", "indistinguishable"):
        assert number in comparison
    assert "4,784,128" in eip("summary", "--show-rf", "--show-macs").stdout


def test_another_programs_record_beside_a_file_is_not_read() -> None:
    Path("run.json").write_text('{"mine": 1}')
    assert eip("build", "-o", "net.h5").exit_code == 0
    assert printed_json("evaluate", "net.h5", "--dataset", "digits")["selected_on"] == "unknown"


@pytest.fixture
def three_runs() -> None:
    """Runs of two seeds and two batch sizes, one of them unfinished."""
    from tests.runs.test_runs import make_run, record_of

    for day, (name, status, best, changes) in enumerate(
        [
            ("a", "finished", 0.7, {"seed": 1}),
            ("b", "interrupted", None, {"seed": 2}),
            ("c", "finished", 0.8, {"seed": 1, "batch_size": 64}),
        ],
        start=1,
    ):
        run = make_run(name, "")
        record = record_of(name, f"2026-01-0{day}T00:00:00+00:00").to_dict()
        record |= {"status": status, "best_accuracy": best}
        record["config"] |= changes
        run.record_path.write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], "cba"),
        (["--sort", "best_accuracy"], "acb"),
        (["--sort", "-best_accuracy"], "cab"),
        (["--where", "seed=1"], "ca"),
        (["--where", "seed=1", "--where", "batch_size=128"], "a"),
        (["--where", "status=failed"], ""),
    ],
)
def test_runs_are_listed_picked_and_sorted(three_runs: None, options: list[str], ids: str) -> None:
    assert "".join(record["id"] for record in printed_json("runs", *options)) == ids


def test_runs_of_another_folder_are_listed_by_its_name(three_runs: None) -> None:
    Path("runs").rename("sweep")
    assert [record["id"] for record in printed_json("runs", "sweep")] == ["c", "b", "a"]
    assert eip("runs", "nowhere").exit_code == 2


def test_runs_show_the_settings_that_differ(three_runs: None) -> None:
    shown = eip("runs", "--format", "markdown").stdout
    assert "batch size" in shown
    assert "learning rate" not in shown
    assert "learning rate" in eip("runs", "--all", "--format", "markdown").stdout


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_runs_is_an_empty_table(output_format: str) -> None:
    assert eip("runs", "--format", output_format).exit_code == 0
