"""What is shown of a known network at once is what the network itself would say after seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from eip_cli.cli import cli
from eip_cli.cli.common.options import FORMATS
from eip_cli.datasets.loading import problem_of
from eip_cli.networks import known_facts
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.known_facts import reading
from eip_cli.networks.known_facts.reading import read_known_facts
from eip_cli.networks.known_facts.writing import write_known_facts
from eip_cli.networks.model import build_model
from eip_cli.networks.summary import summarize_model
from eip_cli.recipes.configuration import DATASETS

ANEW = "run python -m eip_cli.networks.known_facts.writing"


@pytest.mark.parametrize("network", KNOWN_NETWORKS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_facts_of_a_network_are_its_own(network: str, dataset: str) -> None:
    problem = problem_of(dataset)
    facts = read_known_facts(network, problem)
    assert facts == summarize_model(build_model(network, 0, *problem), network), ANEW


def test_the_files_are_those_that_would_be_written(tmp_path: Path) -> None:
    write_known_facts(tmp_path)
    shipped = Path(known_facts.__file__).parent
    names = {path.name for path in shipped.glob("*.json")}
    assert names == {path.name for path in tmp_path.iterdir()} == {f"{name}.json" for name in KNOWN_NETWORKS}
    for name in names:
        assert (shipped / name).read_bytes() == (tmp_path / name).read_bytes(), ANEW


@pytest.mark.parametrize("spec", ["../known_facts/base", "base.json", "net.py:base", "latest", ""])
def test_another_name_has_no_facts(spec: str) -> None:
    assert read_known_facts(spec, problem_of("cifar10")) is None


COMMANDS = (
    ["summary"],
    ["summary", "base", "--show-rf", "--show-macs"],
    ["summary", "separable", "--show-rf", "--dataset", "mnist"],
    ["build", "base"],
    ["build", "--dataset", "cifar100", "--seed", "3"],
)


@pytest.mark.parametrize("output_format", FORMATS)
def test_the_facts_are_printed_as_the_networks_are(
    output_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def printed() -> list[bytes]:
        results = [CliRunner().invoke(cli, [*command, "--format", output_format]) for command in COMMANDS]
        assert [result.exit_code for result in results] == [0] * len(COMMANDS)
        return [result.stdout_bytes for result in results]

    at_once = printed()
    asked = []
    monkeypatch.setattr(reading, "read_known_facts", lambda *question: asked.append(question))
    assert printed() == at_once
    assert len(asked) == len(COMMANDS)


WITHOUT = """
import json, sys
from eip_cli.cli import cli
for command in json.loads(sys.argv[1]):
    cli(command, standalone_mode=False)
large = ("tensorflow", "keras", "jax", "pandas", "sklearn", "matplotlib")
print([name for name in large if name in sys.modules])
"""


def test_nothing_large_is_imported_for_them() -> None:
    commands = json.dumps([*COMMANDS, ["compare-baseline"]])
    result = subprocess.run([sys.executable, "-c", WITHOUT, commands], capture_output=True, text=True)
    assert (result.stdout.splitlines()[-1], result.stderr) == ("[]", "")
