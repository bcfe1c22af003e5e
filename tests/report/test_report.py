"""The assignment's report: every rule checked, nothing asserted, nothing of a user's read as Markdown."""

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from markdown_it import MarkdownIt
from markdown_it.token import Token

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.cli import cli
from eip_cli.comparison.record_checks import ENDED_AT_CHANCE
from eip_cli.display.markdown import fence, show_code, show_words
from eip_cli.foundation.backend import keras
from eip_cli.networks.model import build_model
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.report.report_files import make_report
from eip_cli.report.run_results import assess_run, assess_runs
from eip_cli.rules.rule_check import RuleCheck
from eip_cli.rules.rule_set import load_rules
from eip_cli.runs.history import format_history, read_history
from eip_cli.runs.run_directory import BEST_FILE, FINAL_FILE, HISTORY_FILE, Run
from tests.support.places import EXAMPLES
from tests.support.written_runs import BASE_LOG, write_run

SAMPLE = EXAMPLES / "sample-run"
SESSION3 = load_rules("session3")
layers = keras.layers


def tiny(*middle: keras.Layer) -> keras.Sequential:
    """A small network with ``middle`` between its image and its classes."""
    return keras.Sequential(
        [keras.Input((32, 32, 3)), *middle, layers.GlobalAveragePooling2D(), layers.Dense(10, "softmax")]
    )


def good() -> keras.Sequential:
    return tiny(layers.SeparableConv2D(4, 3), layers.BatchNormalization(), layers.Dropout(0.1))


def edit_record(run: Run, **changes: Any) -> None:
    content = json.loads(run.record_path.read_text())
    run.record_path.write_text(json.dumps(content | changes))


def checks(run: Run) -> dict[str, tuple[bool | None, str]]:
    """Whether each rule holds, and what was found, under the first word of the rule."""
    return _by_first_word(assess_run(run, SESSION3).rules)


def _by_first_word(rules: Sequence[RuleCheck]) -> dict[str, tuple[bool | None, str]]:
    return {rule.rule.split()[0]: (rule.holds, " ".join([rule.found, *rule.names])) for rule in rules}


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="eip")


@pytest.fixture(scope="module")
def written_seed_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("seed"))
        return write_run("seed", build_model("separable"), config=TrainConfig()).path.resolve()


@pytest.fixture
def seed_run(written_seed_run: Path) -> Run:
    """A run of the separable network that has the published log."""
    return Run(Path(shutil.copytree(written_seed_run, "runs/seed")))


def test_the_seeds_network_and_log_keep_every_rule(seed_run: Run) -> None:
    found = checks(seed_run)
    assert {rule: holds for rule, (holds, _) in found.items()} == dict.fromkeys(found, True)
    assert found["Depthwise"][1] == "8 of 8 convolutions are SeparableConv2D"
    assert found["Batch"][1] == "7 BatchNormalization layers"
    assert found["Dropout"][1] == "6 dropout layers, rate 0.25"
    assert found["Fewer"][1] == "58,965 parameters"
    assert found["At"][1] == "50 epochs"
    final = "84.41% after epoch 50: +1.97 points (95% interval +0.37 to +3.57), better"
    assert found["Final"][1] == final
    # Epoch 15 fell below the line again, as the seed's log shows.
    first = "first epoch 13 (82.61%, one measurement); every one from epoch 16 on"
    assert found["An"][1] == first


def test_the_report_agrees_with_the_seed_where_the_seed_is_right(seed_run: Run) -> None:
    page = make_report(["seed"])
    for fact in (
        "58,965 (57,793 trainable, 1,172 not)",
        "| Final validation accuracy | 84.41% (83.69% to 85.11%) after epoch 50 |",
        "| `seed` | 58,965 | 44 | 50 | 84.41% | 85.15%* (48) | +1.97 ±1.60 | better |",
        "1,172,410 parameters. Its published training ended at 82.44%",
        "| 48 | 0.004 | 1.5000 | 40.00% | 1.6000 | 85.15%* | 13.0 |",
        "10,000 test images of CIFAR-10",
    ):
        assert fact in page
    rows = re.findall(r"^\| `\w+` \| `(?:Separable|AveragePooling)\w+` \|(.*)\|$", page, flags=re.MULTILINE)
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    assert [(size, channels, int(field)) for size, channels, field, *_ in cells] == [
        ("32x32", "64", 3),
        ("32x32", "64", 5),  # the seed says 3
        ("32x32", "64", 7),
        ("16x16", "64", 8),
        ("16x16", "128", 12),
        ("16x16", "128", 16),
        ("16x16", "128", 20),
        ("7x7", "10", 24),
        ("3x3", "10", 28),
        ("1x1", "10", 44),
    ]


def test_both_paths_of_a_branch_are_looked_at() -> None:
    image = keras.Input((32, 32, 3))
    separable = layers.SeparableConv2D(4, 3, padding="same")(image)
    half = layers.DepthwiseConv2D(3, padding="same")(separable)
    paired = layers.Conv2D(4, 1)(half)
    unpaired = layers.Conv2D(4, 1, name="shortcut")(separable)
    merged = layers.GlobalAveragePooling2D()(layers.Add()([paired, unpaired]))
    run = write_run("mine", keras.Model(image, layers.Dense(10, "softmax")(merged)))
    assert checks(run)["Depthwise"] == (False, "1 layer of another kind (Conv2D): shortcut")
    assert "= layers.Add()([" in make_report(["mine"])


def test_a_layer_whose_geometry_is_unknown_leaves_the_rest_of_the_report() -> None:
    write_run("mine", tiny(layers.CenterCrop(48, 48, name="crop"), layers.SeparableConv2D(4, 3)))
    page = make_report(["mine"])
    assert "| `crop` | `CenterCrop` | 48x48 | 3 | - | - | 0 |" in page
    assert "Warning: no receptive field for layer 'crop' (CenterCrop)" in page
    assert "| Receptive field | unknown |" in page
    assert "layers.CenterCrop(48, 48, name='crop')," in page


def excite(features: keras.KerasTensor) -> keras.KerasTensor:
    """A squeeze-and-excitation block: each channel is weighed by what the whole image holds."""
    gate = layers.Reshape((1, 1, features.shape[-1]))(layers.GlobalAveragePooling2D()(features))
    return layers.Multiply()([features, layers.Activation("sigmoid")(gate)])


def excited() -> keras.Model:
    image = keras.Input((32, 32, 3))
    features = layers.SeparableConv2D(4, 3, strides=4)(image)
    features = layers.Dropout(0.1)(layers.BatchNormalization()(excite(features)))
    return keras.Model(image, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(features)))


def test_a_network_that_sees_the_whole_image_has_no_number() -> None:
    run = write_run("mine", excited())
    edit_record(run, receptive_field=None, whole_image_seen=True)
    assert assess_run(run, SESSION3).disagreements == ()
    page = make_report(["mine"])
    assert "| Receptive field | the whole image |" in page
    assert re.search(r"\| `mine` \| [0-9]+ \| all \|", page)


def test_a_number_recorded_for_what_sees_the_whole_image_is_said_to_disagree() -> None:
    run = write_run("mine", excited())
    edit_record(run, receptive_field=[3, 3])
    said = "receptive field: run.json says (3, 3), checkpoint.h5 says the whole image"
    assert assess_run(run, SESSION3).disagreements == (said,)
    assert said in make_report(["mine"])


def test_the_base_network_breaks_the_rules_that_it_breaks() -> None:
    run = write_run("base", build_model("base"), BASE_LOG, config=TrainConfig(model="base"))
    found = {rule: holds for rule, (holds, _) in checks(run).items()}
    assert found == {
        "Depthwise": False,
        "Batch": False,
        "Dropout": True,
        "Fewer": False,
        "At": True,
        "Final": False,
        "An": True,
    }
    assert "1,172,410 parameters" in checks(run)["Fewer"][1]


@pytest.mark.parametrize(
    ("epochs", "planned", "status", "holds", "found"),
    [
        (50, 50, "finished", True, "50 epochs"),
        (51, 51, "finished", False, "51 epochs"),
        (23, 50, "interrupted", True, "23 epochs so far, of 50 planned"),
        (23, 60, "interrupted", None, "23 epochs so far, of 60 planned"),
        (51, 60, "interrupted", False, "51 epochs so far, of 60 planned"),
    ],
)
def test_epochs_are_counted_in_the_history(
    epochs: int, planned: int, status: str, holds: bool | None, found: str
) -> None:
    config = TrainConfig(model="net.py:tiny", epochs=planned)
    run = write_run("mine", good(), (0.8,) * epochs, config=config, status=status)
    assert checks(run)["At"] == (holds, found)


def test_a_run_that_began_from_a_checkpoint_has_more_epochs_than_its_history() -> None:
    run = write_run("mine", good(), config=TrainConfig(model="/home/me/start.h5"))
    assert checks(run)["At"][0] is None
    assert checks(run)["At"][1].endswith("those of the checkpoint that it began from: start.h5")
    assert "/home/me" not in make_report(["mine"])


@pytest.mark.parametrize(
    ("accuracies", "final", "verdict", "first"),
    [
        ((0.83, 0.82), False, "indistinguishable", "first epoch 1 (83.00%, one measurement); the last epoch"),
        ((0.8, 0.83), True, "indistinguishable", "first epoch 2"),
        ((0.8, 0.8244), False, "indistinguishable", "none of 2"),
        ((0.8, 0.79), False, "worse", "none of 2"),
        ((0.8, 0.86), True, "better", "first epoch 2 (86.00%, one measurement)"),
    ],
)
def test_above_the_baseline_is_a_number_and_better_a_verdict(
    accuracies: tuple[float, ...], final: bool, verdict: str, first: str
) -> None:
    found = checks(write_run("mine", good(), accuracies))
    assert found["Final"][0] is final
    assert verdict in found["Final"][1]
    assert ("better" in found["Final"][1]) == (verdict == "better")
    assert found["An"] == (first != "none of 2", found["An"][1])
    assert found["An"][1].startswith(first)


@pytest.mark.parametrize(
    ("facts", "config", "reason"),
    [
        ({"dataset_fingerprint": {"unordered": "mine"}}, {}, "not CIFAR-10's own 60,000"),
        ({"train_images": 45_000}, {"validation_split": 0.1}, "of held-out training images"),
        ({"train_images": 1_442}, {"dataset": "digits"}, "82.44% is of CIFAR-10, this run of digits"),
    ],
)
def test_what_is_not_comparable_is_not_compared(
    facts: dict[str, Any], config: dict[str, Any], reason: str
) -> None:
    run = write_run("mine", good(), (0.8, 1.0), config=TrainConfig(model="net.py:tiny", **config), **facts)
    for rule in ("Final", "An"):
        assert checks(run)[rule][0] is None
        assert reason in checks(run)[rule][1]
    page = make_report(["mine"], Path("report.md"))
    assert "Against 82.44" not in page
    assert not list(Path().glob("*-against-2019.png"))


def test_an_unfinished_run_is_no_final_accuracy() -> None:
    config = TrainConfig(model="net.py:tiny", epochs=50)
    run = write_run("mine", good(), (0.8, 0.9), config=config, status="interrupted", final_accuracy=None)
    assert checks(run)["Final"] == (None, "not finished: 90.00% after epoch 2")
    page = make_report(["mine"])
    assert "interrupted after 2 of 50 epochs" in page
    assert "| Final validation accuracy | none yet; 90.00%" in page
    assert "`mine` is not compared with the published 82.44%." in page


def test_a_run_on_part_of_the_images_is_marked() -> None:
    config = TrainConfig(model="net.py:tiny", limit_train=1000)
    write_run("mine", good(), (0.8, 0.86), config=config, train_images=1000)
    page = make_report(["mine"])
    assert "trained on 1,000 images only" in page
    assert "trained for 2 epochs, not the 50 of the published" in page


def test_held_out_accuracies_are_of_as_many_images_as_were_held_out() -> None:
    config = TrainConfig(model="net.py:tiny", validation_split=0.1)
    write_run("mine", good(), (0.8, 0.9), config=config, train_images=45_000, test_accuracy=0.85)
    page = make_report(["mine"])
    assert "5,000 held-out training images of CIFAR-10" in page
    assert "| Test accuracy | 85.00% (84.29% to 85.69%) of 10,000 test images, once |" in page


def test_a_run_of_the_base_network_is_the_others_baseline(seed_run: Run) -> None:
    config = TrainConfig(model="base", epochs=2, limit_train=1000, batch_size=64)
    base = write_run("mine-base", build_model("base"), (0.4, 0.5), config=config, train_images=1000)
    (subject,) = assess_runs([base, seed_run], SESSION3)
    assert (subject.results.record.id, [one.record.id for one in subject.baselines]) == (
        "seed",
        ["mine-base"],
    )
    page = make_report(["mine-base", "seed"])
    assert "## Run `mine-base`" not in page
    (row,) = (line for line in page.splitlines() if line.startswith("| `mine-base` | CIFAR-10 |"))
    for fact in (
        "2 of 2",
        "1,172,410",
        "50.00% (49.02% to 50.98%)",
        "1,000 images only",
        "2 epochs, not the 50",
    ):
        assert fact in row
    assert "batch size 64 instead of 128" in row


def test_a_run_that_ended_guessing_is_said_to_have(seed_run: Run) -> None:
    assert ENDED_AT_CHANCE not in make_report(["seed"])
    rows = tuple(replace(row, accuracy=0.0992) for row in read_history(seed_run.path / HISTORY_FILE))
    (seed_run.path / HISTORY_FILE).write_text(format_history(rows))
    assert ENDED_AT_CHANCE in make_report(["seed"])


def test_base_runs_alone_or_on_other_data_are_subjects(seed_run: Run) -> None:
    digits = TrainConfig(model="base", dataset="digits")
    base = write_run("base", build_model("base"), (0.4, 0.8), config=digits, train_images=1442)
    assert [one.results.record.id for one in assess_runs([base], SESSION3)] == ["base"]
    both = assess_runs([base, seed_run], SESSION3)
    assert [(one.results.record.id, one.baselines) for one in both] == [("base", ()), ("seed", ())]


def test_the_sample_runs_report_is_whole() -> None:
    result = eip("report", str(SAMPLE))
    assert (result.exit_code, result.stderr) == (0, "")
    page = result.stdout
    assert "355 test images of scikit-learn's handwritten digits" in page
    assert "| `final.h5` | not in the run's folder, so not checked |" in page
    assert "do not agree" not in page
    assert "![" not in page
    log = page.partition("### All epochs")[2]
    for line in (SAMPLE / HISTORY_FILE).read_text().splitlines()[1:]:
        epoch, rate, loss, *_ = line.split(",")
        assert f"| {epoch} | {rate} | {float(loss):.4f} |" in log
    record = json.loads((SAMPLE / "run.json").read_text())
    for fact in (record["hardware"]["processor"], record["versions"]["keras"], record["sha256"][BEST_FILE]):
        assert f"`{fact}`" in page


def test_the_file_gets_pictures_beside_it_that_it_links(seed_run: Run) -> None:
    result = eip("report", "seed", "-o", "out/README.md")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "Wrote out/README.md\n")
    names = re.findall(r"\]\(([^)]+)\)", Path("out/README.md").read_text(encoding="utf-8"))
    drawn = ["seed-curves.png", "seed-against-2019.png", "seed-fields.png", "seed-network.png"]
    assert names == drawn  # without the test images no more can be
    for name in names:
        assert (Path("out") / name).read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in Path("out").iterdir()} == {"README.md", *names}


@pytest.mark.parametrize("taken", ["README.md", "seed-curves.png", "seed-confusion.png"])
def test_a_report_overwrites_nothing(seed_run: Run, taken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eip_cli.report.report_files.assess_runs", None)  # no work is done before that
    Path(taken).write_text("mine")
    result = eip("report", "seed", "-o", "README.md")
    error = f"Error: {taken} exists: name another file, or remove it\n"
    assert (result.exit_code, result.stderr) == (1, error)
    assert {path.name: path.read_text() for path in Path().iterdir() if path.is_file()} == {taken: "mine"}


def test_a_module_is_told_from_another_of_its_name() -> None:
    digest = "ab" * 32
    config = TrainConfig(model="nets.mine:tiny")
    page = make_report([str(write_run("mine", good(), config=config, sha256={config.model: digest}).path)])
    assert "--model nets.mine:tiny" in page
    assert f"The file behind `--model` has the SHA-256 `{digest}`." in page


def test_a_page_that_cannot_be_written_leaves_no_pictures(
    seed_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("eip_cli.report.report_files.write_page", lambda subjects, pictures, rules: "\ud800")
        with pytest.raises(UnicodeEncodeError):
            make_report(["seed"], Path("out/README.md"))
    assert list(Path("out").iterdir()) == []
    assert eip("report", "seed", "-o", "out/README.md").exit_code == 0


def test_runs_of_one_id_get_pictures_of_their_own() -> None:
    for name in ("one", "two"):
        write_run(name, good(), (0.8, 0.9), id="../a b$")
    page = make_report(["one", "two", "runs/one"], Path("report.md"))
    names = re.findall(r"\]\(([^)]+)\)", page)
    kinds = ("curves", "against-2019", "fields", "network")
    assert names == [f"{stem}-{kind}.png" for stem in ("a-b", "a-b-2") for kind in kinds]
    assert all(Path(name).is_file() for name in names)
    headings = [line for line in page.splitlines() if line.startswith("## Run ")]
    assert headings == ["## Run `runs/one`", "## Run `runs/two`"]


def test_no_run_is_a_usage_error_and_no_such_run_one_line() -> None:
    assert eip("report").exit_code == 2
    result = eip("report", "nowhere")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: no run 'nowhere'")


def test_a_checkpoint_that_was_exchanged_is_said_to_be(seed_run: Run) -> None:
    save_model(good(), seed_run.path / FINAL_FILE)
    page = make_report(["seed"])
    assert "**The files of `seed` do not agree with each other:**" in page
    assert "final.h5 is not the file that run.json records: its SHA-256 differs" in page
    shutil.copy(seed_run.path / FINAL_FILE, seed_run.path / BEST_FILE)
    found = assess_run(seed_run, SESSION3).disagreements
    assert "run.json says that the network is separable, checkpoint.h5 holds another one" in found
    assert f"parameters: run.json says 58965, checkpoint.h5 says {good().count_params()}" in found


def test_a_record_edited_by_hand_is_said_to_be(seed_run: Run) -> None:
    edited = {"params": 1_000, "receptive_field": [9, 9], "final_accuracy": 0.95, "best_accuracy": 0.96}
    edit_record(seed_run, **edited, best_epoch=3, epochs_done=20)
    assert set(assess_run(seed_run, SESSION3).disagreements) == {
        "parameters: run.json says 1000, checkpoint.h5 says 58965",
        "receptive field: run.json says (9, 9), checkpoint.h5 says (44, 44)",
        "final accuracy: run.json says 0.95, history.csv says 0.8441",
        "best accuracy: run.json says 0.96, history.csv says 0.8515",
        "best epoch: run.json says 3, history.csv says 48",
        "epochs done: run.json says 20, history.csv says 50",
    }
    page = make_report(["seed"])
    assert "58,965 parameters" in page
    assert "| Final validation accuracy | 84.41%" in page


def test_a_history_cut_short_is_no_finished_run(seed_run: Run) -> None:
    path = seed_run.path / HISTORY_FILE
    path.write_text("\n".join(path.read_text().splitlines()[:31]) + "\n")
    assert (
        "epochs in all: run.json says 50, history.csv says 30" in assess_run(seed_run, SESSION3).disagreements
    )
    assert checks(seed_run)["Final"][0] is None


def test_an_accuracy_that_no_count_of_images_gives_is_said_to_be_none() -> None:
    run = write_run("mine", good(), (0.8, 0.84415))
    said = "validation accuracy of epoch 2 is no whole number of 10,000 images"
    assert assess_run(run, SESSION3).disagreements == (said,)


@pytest.mark.parametrize(
    "line", ["1,0.004,1,0.4,1,nan,13", "1,0.004,1,0.4,1,1.5,13", "2,0.004,1,0.4,1,0.5,13"]
)
def test_a_damaged_history_is_refused_in_one_line(seed_run: Run, line: str) -> None:
    path = seed_run.path / HISTORY_FILE
    path.write_text(f"{path.read_text().splitlines()[0]}\n{line}\n")
    result = eip("report", "seed")
    assert result.exit_code == 1
    assert re.fullmatch(r"Error: runs/seed/history\.csv is damaged: .*\n", result.stderr)


@pytest.mark.parametrize(
    "changes",
    [
        {"hardware": []},
        {"sha256": "x"},
        {"versions": None},
        {"train_images": "all"},
        {"test_accuracy": 2},
        {"images_per_second": 10**400},
        {"best_epoch": True},
    ],
)
def test_a_damaged_record_is_refused_in_one_line(seed_run: Run, changes: dict[str, Any]) -> None:
    edit_record(seed_run, **changes)
    result = eip("report", "seed")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.endswith("run.json is damaged: it is not a run's record\n")


@pytest.mark.parametrize("name", [BEST_FILE, HISTORY_FILE])
def test_a_missing_file_is_named(seed_run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run("other", good())
    (seed_run.path / name).unlink()
    assert name in eip("report", "seed").stderr
    monkeypatch.chdir(seed_run.path)
    assert eip("report", ".").exit_code == 1


HOSTILE_NAMES = [
    "a|b",
    "`code`",
    "a\\|<script>alert(1)</script>",
    "[link](http://example.com)",
    "</td></table><img src=x>",
    "``` fence",
    "\u202egnp.exe",
    " ",
    "**bold** __x__ ~~y~~",
    "$x^2$ @someone #1 www.example.com",
]


def parse(page: str) -> list[Token]:
    """Every token of the page, as a code-hosting page would read it, those inside lines included."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(page)
    return [inner for token in tokens for inner in (token, *(token.children or ()))]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_nothing_of_a_users_is_read_as_markdown(name: str) -> None:
    # A name in a checkpoint is a stranger's; so is all text in a record.
    layer = name.replace("/", "")
    model = tiny(layers.Conv2D(4, 3, name=layer), layers.Dropout(0.0, name=f"{layer}2"))
    text = name if name.isprintable() else "x"  # a record's main texts are printable, or it is refused
    facts: dict[str, Any] = {
        "versions": {name: name},
        "hardware": {"processor": name, "accelerators": [name]},
    }
    config = TrainConfig(model=f"{text}.py:tiny")
    write_run("mine", model, (0.8, 0.9), config=config, id=text, status=text, **facts)
    page = make_report(["mine"])
    tokens = parse(page)
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "s_open", "em_open"}
    assert sum(token.type == "fence" for token in tokens) == 2
    assert sum(token.type == "strong_open" for token in tokens) == sum(
        line.count("**no**") for line in page.splitlines()
    )
    shown = [token.content for token in tokens if token.type == "code_inline"]
    assert show_code(layer).strip("`") in shown
    (network,) = re.findall(r"### The network\n\n((?:\|.*\|\n)+)", page)
    assert {line.count("|") for line in network.splitlines()} == {8}


def test_text_is_shown_as_it_is_where_it_is_harmless() -> None:
    assert show_code("conv1_bn") == "`conv1_bn`"
    assert show_code("a|b`c\\") == "`a\\x7cb\\x60c\\x5c`"
    assert show_words("trained on 1,000 images only") == "trained on 1,000 images only"
    assert show_words("<b>") == "`<b>`"
    assert fence("```", "sh") == "````sh\n```\n````"
