"""A comparison in words that can be quoted as they stand: every number with its n and its interval's name."""

from eip_cli.published.baseline import BASELINE_ACCURACY

from .row import Comparison, McNemar

_PUBLISHED = f"the published {100 * BASELINE_ACCURACY:.2f}%"
_BY_BEST = " by its best checkpoint on held-out training images, measured once"
_ONE_EACH = "interval for one training on each side"
LEAST_P_VALUE = 1e-300  # smaller ones come out as zero, which none is


def state_single(row: Comparison) -> str:
    """The row of one run or one checkpoint."""
    if row.final_accuracy is None:
        published = f"{row.name} is not compared with {_PUBLISHED}."
    elif row.test_accuracy is not None:
        published = (
            f"{row.name} reached {_percent(row.test_accuracy)} test accuracy{_BY_BEST} in one training; it "
            f"is not compared with {_PUBLISHED}."
        )
    elif row.delta is None or row.delta_ci95 is None:
        reached = _percent(row.final_accuracy)
        published = f"{row.name} reached {reached} in one training; it is not compared with {_PUBLISHED}."
    else:
        published = (
            f"{row.name} reached {_percent(row.final_accuracy)} in one training, "
            f"{_format_difference(row.delta, row.delta_ci95, _ONE_EACH)} against {_PUBLISHED}: "
            f"{_word(row.verdict)}."
        )
    return f"{published} {state_mcnemar(row.mcnemar)}" if row.mcnemar else published


def state_mcnemar(test: McNemar) -> str:
    """McNemar's test of one checkpoint against another, in sentences."""
    p_value = f"= {test.p_value:.3f}" if test.p_value >= 0.001 else f"= {test.p_value:.1e}"
    if test.p_value < LEAST_P_VALUE:
        p_value = f"< {LEAST_P_VALUE:.0e}"
    return (
        f"Against {test.against} on the same images: it alone is right on {test.only_this_correct:,}, the "
        f"other alone on {test.only_other_correct:,} (McNemar's exact test, p {p_value}): "
        f"{_word(test.verdict)}. That is about these two sets of weights, not about training such networks."
    )


def state_sweep(row: Comparison, base: Comparison | None, unfinished: str = "") -> str:
    """The row of a configuration; ``base`` is that of the base network which it is compared with.

    ``unfinished`` counts the planned runs that are not in the row: ``2 failed``.
    """
    if row.final_accuracy is None:
        reason = "its runs cannot be averaged" if row.n else "none of its runs has finished"
        return f"{row.name} is not compared: {reason}."
    sentences = [f"{_state_accuracy(row)}{_state_published(row)}"]
    if unfinished:
        sentences.append(f"Not counted of the {row.n_planned} planned runs: {unfinished}.")
    if base is not None:
        sentences.append(_state_trained(row, base))
    return " ".join(sentences)


def _state_accuracy(row: Comparison) -> str:
    accuracy, deviation, interval = _tested(row)
    assert accuracy is not None
    reached = f"{row.name} reached {_percent(accuracy)} test accuracy"
    if row.test_accuracy is not None:
        reached += _BY_BEST
    if deviation is None:
        return f"{reached} in {_count_runs(row)}"
    spread = f"standard deviation {100 * deviation:.2f} points"
    if interval is not None:
        low, high = interval
        spread += f", 95% t interval of the mean {_percent(max(0, low))} to {_percent(min(1, high))}"
    return f"{reached}, the mean of {_count_runs(row)} ({spread})"


def _tested(row: Comparison) -> tuple[float | None, float | None, tuple[float, float] | None]:
    """Accuracy on the test images, its standard deviation, and its interval."""
    if row.test_accuracy is not None:
        return row.test_accuracy, row.test_accuracy_sd, row.test_accuracy_ci95
    return row.final_accuracy, row.accuracy_sd, row.accuracy_ci95


def _count_runs(row: Comparison) -> str:
    """``n = 3 runs``, and of how many that were planned where some did not finish."""
    number = "one" if row.n == 1 else f"n = {row.n}"
    if row.n != row.n_planned:
        return f"{number} of {row.n_planned} planned runs"
    return f"{number} run{'' if row.n == 1 else 's'}"


def _state_published(row: Comparison) -> str:
    if row.delta is None or row.delta_ci95 is None:
        return f"; it is not compared with {_PUBLISHED}."
    if row.accuracy_ci95 is None:
        difference = _format_difference(row.delta, row.delta_ci95, _ONE_EACH)
        return f", {difference} against {_PUBLISHED}: {_word(row.verdict)}."
    difference = _format_difference(row.delta, row.delta_ci95, "one-sample t interval")
    return f", {difference} against {_PUBLISHED}, taken as exact: {_word(row.verdict)}."


def _state_trained(row: Comparison, base: Comparison) -> str:
    accuracy, _, _ = _tested(base)
    assert row.trained_delta is not None and accuracy is not None
    number = f"n = {base.n}" if base.n == base.n_planned else f"n = {base.n} of {base.n_planned} planned"
    against = f"against {base.name} as trained here ({number}, {_percent(accuracy)})"
    if row.trained_delta_ci95 is None or row.trained_verdict is None:
        needed = "Welch's interval needs two runs on each side, not all of the same accuracy"
        return f"{100 * row.trained_delta:+.2f} points {against}: no verdict, as {needed}."
    difference = _format_difference(row.trained_delta, row.trained_delta_ci95, "Welch interval")
    return f"{difference} {against}: {_word(row.trained_verdict)}."


def _format_difference(difference: float, interval: tuple[float, float], kind: str) -> str:
    low, high = interval
    return f"{100 * difference:+.2f} points (95% {kind} {100 * low:+.2f} to {100 * high:+.2f})"


def _word(verdict: str) -> str:
    return "indistinguishable, inside the noise" if verdict == "indistinguishable" else verdict


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}%"
