"""The report as one page: what is in it, that nothing is fetched or is another's markup, and its size."""

import json
import shutil
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from eip_cli.checkpoints.checkpoint_file import save_model
from eip_cli.cli import cli
from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import RunError
from eip_cli.report.page.writing import POLICY
from eip_cli.report.report_files import write_html_report
from eip_cli.runs.run_directory import BEST_FILE
from tests.support.browser import measure_page, open_page
from tests.support.places import EXAMPLES

SAMPLE, SWEEP = EXAMPLES / "sample-run", EXAMPLES / "sweep"
MOST_BYTES = 3_000_000
VOID = {"meta", "img", "br", "link"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'--></svg></script>&amp;{{ 7*7 }}"
layers = keras.layers


@dataclass
class Document(HTMLParser):
    """A page's elements, as a browser reads them."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags and self.open_tags.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def read(path: Path) -> Document:
    document = Document()
    document.feed(path.read_text(encoding="utf-8"))
    document.close()
    assert document.open_tags == []
    return document


def data_of(path: Path) -> dict[str, Any]:
    text = path.read_text(encoding="utf-8")
    content = text.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    found: dict[str, Any] = json.loads(content)
    return found


def eip(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, prog_name="eip")


def write_rates(folder: Path) -> Path:
    seeds = [
        {"seed": seed, "rates": [1e-4, 1e-3, 1e-2], "smoothed": [2.3, 2.0 + seed / 10, 2.6]}
        for seed in (0, 1)
    ]
    path = folder / "rates.json"
    path.write_text(json.dumps({"model": "separable", "seeds": seeds, "steepest": 1e-3, "suggested": 1e-3}))
    return path


def write_hostile_run(folder: Path) -> Path:
    """A run whose id, network and layers are named to do harm."""
    shutil.copytree(SAMPLE, folder)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.SeparableConv2D(4, 3, name=EVIL.replace("/", "|")),
            layers.GlobalAveragePooling2D(name="$x_{a}$ <title> & ]]>"),
            layers.Dense(10, "softmax"),
        ]
    )
    save_model(model, folder / BEST_FILE)
    record = json.loads((folder / "run.json").read_text())
    record["id"] = EVIL
    record["config"]["model"] = "<b>net</b>.py:evil"
    record["hardware"]["processor"] = EVIL
    record["versions"] = {"<i>keras</i>": "<u>3</u>"}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of one run with a range test, one of a sweep and a run, and one of a run that means harm."""
    folder = tmp_path_factory.mktemp("pages")
    asked: dict[str, tuple[list[Path], Path | None]] = {
        "one": ([SAMPLE], write_rates(folder)),
        "sweep": ([SWEEP, SAMPLE], None),
        "hostile": ([write_hostile_run(folder / "evil")], None),
    }
    for name, (subjects, rates) in asked.items():
        write_html_report([str(path) for path in subjects], folder / f"{name}.html", rates=rates)
    return {name: folder / f"{name}.html" for name in asked}


@pytest.mark.parametrize("name", ["one", "sweep", "hostile"])
def test_the_page_is_whole_small_and_fetches_nothing(pages: dict[str, Path], name: str) -> None:
    assert pages[name].stat().st_size < MOST_BYTES
    document = read(pages[name])
    for tag, attributes in document.elements:
        assert not any(attribute.startswith("on") for attribute in attributes), (tag, attributes)
        for attribute in ("src", "href", "xlink:href", "action", "srcset"):
            assert (attributes.get(attribute) or "#").startswith(("#", "data:image/png;base64,")), attributes
    assert document.of("script") == [{"type": "application/json", "id": "data"}]
    assert POLICY in [one.get("content") for one in document.of("meta")]
    assert "url(http" not in pages[name].read_text() and "@import" not in pages[name].read_text()
    ids = Counter(attributes["id"] for _, attributes in document.elements if "id" in attributes)
    assert max(ids.values()) == 1, ids.most_common(3)
    referred = {(one["href"] or "").removeprefix("#") for one in document.of("use") + document.of("a")}
    assert referred <= set(ids)


def test_every_picture_is_described_and_explained(pages: dict[str, Path]) -> None:
    document = read(pages["one"])
    drawn = [one for one in document.of("svg") if one.get("class") != "sprite"]
    assert all(one.get("role") == "img" and one.get("aria-label") for one in drawn)
    titles = dict.fromkeys(text for text in document.texts if text in EXPECTED)  # words of tables too
    assert tuple(titles) == EXPECTED
    assert len(document.of("figure")) == len(document.of("figcaption")) == len(EXPECTED) + 1  # the gallery
    assert any("Grad-CAM" in text for text in document.texts)


EXPECTED = (
    "Accuracy by epoch",
    "Accuracy against parameters, scikit-learn's handwritten digits",
    "Learning-rate range test of separable",
    "Accuracy of each class",
    "Confusion matrix",
    "Receptive field",
    "The network",
)


def test_the_verdict_is_said_first_then_rules_pictures_log_hardware_and_command(
    pages: dict[str, Path],
) -> None:
    text = " ".join(" ".join(read(pages["one"]).texts).split())
    order = [
        "98.87% of 355 test images",
        "The rules",
        "Accuracy by epoch",
        "Learning rate Loss",
    ]
    places = [text.index(words) for words in [*order, "Hardware", "eip train --dataset digits"]]
    assert places == sorted(places)
    assert "There is no comparison: 82.44% is of CIFAR-10, this run of digits." in text


def test_a_sweep_has_its_verdicts_and_says_what_is_not_there(pages: dict[str, Path]) -> None:
    text = " ".join(" ".join(read(pages["sweep"]).texts).split())
    assert "Against the base network as trained here: 1 better." in text
    assert "separable reached 77.05% test accuracy, the mean of n = 3 runs" in text
    assert "Of separable no run is looked into: separable-seed0 has no checkpoint.h5 here." in text
    assert "a band goes from the lowest to the highest of several seeds" in text
    assert [row["name"] for row in data_of(pages["sweep"])["comparison"]][-2:] == ["separable", "base"]


def test_one_run_stands_for_a_configuration_and_the_base_network_is_asked_no_rules(tmp_path: Path) -> None:
    sweep = Path(shutil.copytree(SWEEP, tmp_path / "sweep"))
    for name in ("base", "separable"):
        run = EXAMPLES / ("base-run" if name == "base" else "seed-run")
        shutil.copy(run / BEST_FILE, sweep / f"{name}-seed0")
    write_html_report([str(sweep)], tmp_path / "page.html")
    text = " ".join(" ".join(read(tmp_path / "page.html").texts).split())
    assert "One run stands for the configuration, the first of its seeds: separable-seed0." in text
    assert "Its run separable-seed0 keeps 5 of the assignment's 7 rules; broken: Final accuracy above" in text
    assert "base-seed0 keeps" not in text
    assert "The files of the run do not agree with each other: checkpoint.h5 is not the file" in text
    runs = data_of(tmp_path / "page.html")["runs"]
    assert [(run["stands_for"], run["is_baseline"]) for run in runs] == [("separable", False), ("base", True)]


def test_the_data_of_the_page_are_those_of_the_run(pages: dict[str, Path]) -> None:
    (run,) = data_of(pages["one"])["runs"]
    record = json.loads((SAMPLE / "run.json").read_text())
    assert run["record"]["best_accuracy"] == record["best_accuracy"]
    assert len(run["history"]) == record["epochs_done"]
    assert sum(map(sum, run["test"]["confusion_matrix"])) == run["test"]["n"] == 355
    assert "data_dir" not in run["record"]["config"]


def test_names_from_files_are_text_wherever_they_stand(pages: dict[str, Path]) -> None:
    document = read(pages["hostile"])
    assert not {tag for tag, _ in document.elements} & {"img", "b", "i", "u"}
    assert any(EVIL in text for text in document.texts)
    assert any(one.get("aria-label", "") and EVIL in (one["aria-label"] or "") for one in document.of("svg"))
    assert "49" not in document.texts[0] and data_of(pages["hostile"])["runs"][0]["name"] == EVIL
    assert "<!--" not in pages["hostile"].read_text()


def test_without_the_images_the_page_says_so(tmp_path: Path) -> None:
    output = tmp_path / "page.html"
    result = eip("report", str(EXAMPLES / "seed-run"), "-o", str(output))
    assert result.exit_code == 0, result.output
    document = read(output)
    assert any("not on this machine, and a report fetches none" in text for text in document.texts)
    assert "Confusion matrix" not in document.texts and "The network" in document.texts
    assert any(text.strip().startswith("seed-run reached 84.52%") for text in document.texts)
    assert eip("report", str(SAMPLE), "-o", str(output)).exit_code == 1  # it exists


@pytest.mark.parametrize("content", ["", "{}", '{"model": "x", "seeds": []}', '{"model": 1, "seeds": [1]}'])
def test_a_file_that_is_no_range_test_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "rates.json").write_text(content)
    with pytest.raises(RunError, match="is no range test"):
        write_html_report([str(SAMPLE)], tmp_path / "page.html", rates=tmp_path / "rates.json")


def test_what_only_a_page_has_is_refused_for_markdown(tmp_path: Path) -> None:
    result = eip("report", str(SAMPLE), "--rates", str(write_rates(tmp_path)))
    assert result.exit_code == 2 and "give -o page.html" in result.output
    result = eip("report", str(SAMPLE / BEST_FILE), "-o", "page.html")
    assert result.exit_code == 1 and "name the run's folder" in result.output


@pytest.mark.parametrize("name", ["one", "sweep", "hostile"])
def test_a_browser_opens_it_without_a_word(pages: dict[str, Path], name: str, tmp_path: Path) -> None:
    dom, console = open_page(pages[name], 1280, False, tmp_path)
    assert console == []
    assert dom.count("<figure") == len(read(pages[name]).of("figure"))
    assert "alert(1)" not in "".join(dom.split("<script")[2:])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["sweep", "hostile"])
def test_nothing_overflows_and_all_is_legible(
    pages: dict[str, Path], name: str, width: int, dark: bool, tmp_path: Path
) -> None:
    found = measure_page(pages[name], width, dark, tmp_path)
    assert (found["width"], found["dark"]) == (width, dark)
    assert found["page"] <= width and found["wide"] == []
    assert found["faint"] == []
    assert found["resources"] == []
