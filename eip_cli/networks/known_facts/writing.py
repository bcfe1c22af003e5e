"""Write the facts of every known network anew: ``python -m eip_cli.networks.known_facts.writing``.

For a network that is added to KNOWN_NETWORKS, or changed, there is nothing else to do.
"""

import json
from dataclasses import asdict
from pathlib import Path

from eip_cli.foundation.files import write_atomically
from eip_cli.foundation.problem import CIFAR10_PROBLEM, Problem
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.model import build_model
from eip_cli.networks.summary import summarize_model

from .reading import ENDING

# Those of the data sets, which stand above networks and are not known here.
PROBLEMS = (CIFAR10_PROBLEM, Problem((32, 32, 3), 100), Problem((28, 28, 1), 10))


def write_known_facts(folder: Path = Path(__file__).parent) -> None:
    """Write a file for each known network into ``folder``."""
    for network in KNOWN_NETWORKS:
        entries = [
            problem._asdict()
            | {"summary": asdict(summarize_model(build_model(network, 0, *problem), network))}
            for problem in PROBLEMS
        ]
        with write_atomically(folder / (network + ENDING)) as aside:
            aside.write_text(json.dumps(entries, indent=1, default=str) + "\n", encoding="utf-8")


def _summarize(network: str, problem: Problem) -> ModelSummary:
    return summarize_model(build_model(network, 0, *problem), network)


if __name__ == "__main__":
    write_known_facts()
