"""A learning-rate range test -> a row a seed and what they agree on, records for CSV, JSON."""

from typing import Any

from eip_cli.training.range_test.curves import MOST_SPREAD
from eip_cli.training.range_test.rate_test import RateTest

from .printing import Grid, Report


def report_rate_test(test: RateTest) -> Report:
    """Where each seed's loss falls fastest, and turns up; then both for all, and the command to try."""
    rows = [
        [str(curve.seed), _show(curve.steepest), _show(curve.rises_from), _show(float(curve.rates[-1]))]
        for curve in test.curves
    ]
    agreement = test.agreement
    rows.append(["all", _show(agreement.steepest), _show(agreement.rises_from), ""])
    records: list[dict[str, Any]] = [
        {
            "seed": curve.seed,
            "steepest": curve.steepest,
            "rises_from": curve.rises_from,
            "last_rate": float(curve.rates[-1]),
        }
        for curve in test.curves
    ]
    curves = [
        {"rates": curve.rates.tolist(), "losses": curve.losses.tolist(), "smoothed": curve.smoothed.tolist()}
        for curve in test.curves
    ]
    payload = {
        "model": test.model,
        "optimizer": test.config.optimizer,
        "batch_size": test.config.batch_size,
        "steepest": agreement.steepest,
        "rises_from": agreement.rises_from,
        "suggested": test.suggested,
        "spread": agreement.spread,
        "seeds": [record | curve for record, curve in zip(records, curves, strict=True)],
        "command": test.command,
    }
    title = f"Learning rates of {test.model} with {test.config.optimizer}, batch {test.config.batch_size}"
    headers = ["Seed", "Loss falls fastest at", "Turns up from", "Tried up to"]
    return Report([Grid(headers, rows, title)], [records], payload, _conclude(test))


def _conclude(test: RateTest) -> list[str]:
    spread = test.agreement.spread
    if test.command is None:
        reason = (
            "a seed's loss does not fall"
            if spread is None
            else f"the seeds differ by a factor of {spread:.1f}, and more than {MOST_SPREAD:g} is noise"
        )
        return [f"No rate stands out: {reason}. Trainings tell more: eip sweep --set learning_rate=..."]
    seeds = f"the seeds differ by a factor of {spread:.1f}" if len(test.curves) > 1 else "one seed alone"
    rises_from = _show(test.agreement.rises_from)
    return [
        f"A rate to try, not the best there is ({seeds}); beyond {rises_from} the loss rises:",
        f"  {test.command}",
    ]


def _show(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2g}"
