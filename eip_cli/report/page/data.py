"""The page's content as JSON, for programs: numbers in full, and no folder of the machine it was made on."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from eip_cli.display.comparison_tables import report_comparison
from eip_cli.foundation.version import __version__
from eip_cli.recipes.train_command import portable_source
from eip_cli.report.looks import Look
from eip_cli.report.run_figures import list_classes
from eip_cli.report.run_results import RunResults

from .material import Material, ShownRun


def write_data(material: Material, looks: Sequence[Look]) -> str:
    """JSON that can stand in a page's ``script`` element: nothing in it can end that element."""
    runs = [_describe_run(one, look) for one, look in zip(material.shown, looks, strict=True)]
    rows = report_comparison(material.rows).payload
    text = json.dumps({"eip": __version__, "comparison": rows, "runs": runs}, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _describe_run(one: ShownRun, look: Look) -> dict[str, Any]:
    results = one.results
    return {
        "name": results.name,
        "stands_for": one.stands_for,
        "is_baseline": one.is_baseline,
        "record": _describe_record(results),
        "rules": [
            {"rule": rule.rule, "found": rule.found, "names": list(rule.names), "holds": rule.holds}
            for rule in results.rules
        ],
        "history": [asdict(row) for row in results.history],
        "command": results.command,
        "test": _describe_test(look),
    }


def _describe_record(results: RunResults) -> dict[str, Any]:
    """``run.json``, without folders: the images' and the network's are another machine's."""
    record = results.record.to_dict()
    source = portable_source(results.record.config.model)
    config = {name: value for name, value in record["config"].items() if name != "data_dir"}
    record["config"] = config | {"model": source}
    record["model"] = source
    record["sha256"] = {portable_source(name): digest for name, digest in record["sha256"].items()}
    return record


def _describe_test(look: Look) -> dict[str, Any] | None:
    """What the best checkpoint does on the test images; None where these were not to be had."""
    if look.assessment is None:
        return None
    evaluation = look.assessment.evaluation
    return {
        "n": evaluation.n,
        "accuracy": evaluation.accuracy,
        "accuracy_ci95": list(evaluation.accuracy_ci95),
        "selected_on": evaluation.selected_on,
        "per_class": {
            one.name: {"accuracy": one.accuracy, "ci95": list(one.interval)}
            for one in list_classes(evaluation)
        },
        "confusion_matrix": [list(row) for row in evaluation.confusion_matrix],
        "misclassified_shown": [] if look.gallery is None else [asdict(one) for one in look.gallery.shown],
    }
