"""A comparison in words that can be quoted as they stand: every number with its n and its interval's name."""

from .baseline import BASELINE_ACCURACY
from .results import Comparison

_PUBLISHED = f"the published {100 * BASELINE_ACCURACY:.2f}%"


def state_single(row: Comparison) -> str:
    """The row of one run or one checkpoint."""
    if row.final_accuracy is None:
        return f"{row.name} is not compared with {_PUBLISHED}."
    reached = f"{row.name} reached {_percent(row.final_accuracy)} in one training"
    if row.delta is None or row.delta_ci95 is None:
        return f"{reached}; it is not compared with {_PUBLISHED}."
    interval = _format_difference(row.delta, row.delta_ci95)
    return f"{reached}, {interval} of one training on each side) against {_PUBLISHED}: {_word(row.verdict)}."


def state_sweep(row: Comparison, base: Comparison | None) -> str:
    """The row of a configuration; ``base`` is that of the base network which it is compared with."""
    if row.final_accuracy is None:
        reason = "its runs cannot be averaged" if row.n else "none of its runs has finished"
        return f"{row.name} is not compared: {reason}."
    sentences = [f"{_state_accuracy(row)}{_state_published(row)}"]
    if base is not None:
        sentences.append(_state_trained(row, base))
    return " ".join(sentences)


def _state_accuracy(row: Comparison) -> str:
    assert row.final_accuracy is not None
    accuracy = _percent(row.final_accuracy)
    if row.n == 1 or row.accuracy_sd is None:
        return f"{row.name} reached {accuracy} test accuracy in one run"
    spread = f"{row.name} reached {accuracy} +- {100 * row.accuracy_sd:.2f}% test accuracy"
    runs = f"mean and standard deviation of n = {row.n} runs"
    if row.accuracy_ci95 is None:
        return f"{spread} ({runs})"
    low, high = row.accuracy_ci95
    interval = f"{_percent(max(0, low))} to {_percent(min(1, high))}"
    return f"{spread} ({runs}; 95% t interval of the mean {interval})"


def _state_published(row: Comparison) -> str:
    if row.delta is None or row.delta_ci95 is None:
        return f"; it is not compared with {_PUBLISHED}."
    kind = ", one-sample t" if row.accuracy_ci95 else " of one training on each side"
    return (
        f", {_format_difference(row.delta, row.delta_ci95)}{kind}) against {_PUBLISHED}: "
        f"{_word(row.verdict)}."
    )


def _state_trained(row: Comparison, base: Comparison) -> str:
    assert row.trained_delta is not None and base.final_accuracy is not None
    against = f"against {base.name} as trained here (n = {base.n}, {_percent(base.final_accuracy)})"
    if row.trained_delta_ci95 is None or row.trained_verdict is None:
        return f"{100 * row.trained_delta:+.2f} points {against}: too few runs for a verdict."
    difference = _format_difference(row.trained_delta, row.trained_delta_ci95)
    return f"{difference}, Welch) {against}: {_word(row.trained_verdict)}."


def _format_difference(difference: float, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{100 * difference:+.2f} points (95% interval {100 * low:+.2f} to {100 * high:+.2f}"


def _word(verdict: str) -> str:
    return "indistinguishable, inside the noise" if verdict == "indistinguishable" else verdict


def _percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}%"
