"""The assignment's rules, each checked against a network and its history.

The assignment: in at most 50 epochs, beat the base network's 82.44% with depthwise separable
convolutions only (no Conv2D), batch normalization, dropout, and fewer than 100,000 parameters.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eip_cli.comparison.row import Comparison
from eip_cli.foundation.backend import keras
from eip_cli.networks.graphs import LayerCall, list_calls
from eip_cli.published.baseline import BASELINE_ACCURACY
from eip_cli.runs.history import EpochRow

# Both limits are the assignment's own ("Session 3": "< 100,000 parameters", "within 50 epochs").
PARAMETER_LIMIT = 100_000
EPOCH_LIMIT = 50
layers = keras.layers
SEPARABLE = frozenset([layers.SeparableConv1D, layers.SeparableConv2D])
DEPTHWISE = frozenset([layers.DepthwiseConv1D, layers.DepthwiseConv2D])
OTHER_CONVOLUTIONS = frozenset(
    [
        layers.Conv1D,
        layers.Conv2D,
        layers.Conv3D,
        layers.Conv1DTranspose,
        layers.Conv2DTranspose,
        layers.Conv3DTranspose,
    ]
)
DROPOUTS = frozenset(
    [
        layers.Dropout,
        layers.AlphaDropout,
        layers.GaussianDropout,
        layers.SpatialDropout1D,
        layers.SpatialDropout2D,
        layers.SpatialDropout3D,
    ]
)
# What may stand between the two halves of a separable convolution: acts on each number alone.
BETWEEN_HALVES = DROPOUTS | {
    layers.BatchNormalization,
    layers.Activation,
    layers.ReLU,
    layers.LeakyReLU,
    layers.PReLU,
    layers.ELU,
    layers.Identity,
}
WEIGHTED_BUT_NO_CONVOLUTION = frozenset(
    [layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization, layers.PReLU]
)


@dataclass(frozen=True)
class RuleCheck:
    """One rule: what was found, in words and names (a user's, not ours), and whether it holds.

    ``holds`` is None where the run cannot say.
    """

    rule: str
    found: str
    holds: bool | None
    names: tuple[str, ...] = ()


def check_network(model: keras.Model) -> tuple[RuleCheck, ...]:
    """The rules that a network alone answers: convolutions, batch normalization, dropout, parameters."""
    calls = list_calls(model)
    params = model.count_params()
    normalizations = _names(calls, [layers.BatchNormalization])
    dropouts = [name for name, layer in _layers_of(calls, DROPOUTS) if layer.rate > 0]
    idle = [name for name, layer in _layers_of(calls, DROPOUTS) if not layer.rate > 0]
    rates = sorted({layer.rate for _, layer in _layers_of(calls, DROPOUTS) if layer.rate > 0})
    found = _count(len(dropouts), "dropout layer")
    found += f", rate {', '.join(map(str, rates))}" if rates else ""
    found += "; rate 0, so idle:" if idle else ""
    return (
        check_convolutions(calls),
        RuleCheck(
            "Batch normalization",
            _count(len(normalizations), "BatchNormalization layer"),
            bool(normalizations),
        ),
        RuleCheck("Dropout", found, bool(dropouts), tuple(idle)),
        RuleCheck(
            f"Fewer than {PARAMETER_LIMIT:,} parameters", f"{params:,} parameters", params < PARAMETER_LIMIT
        ),
    )


def check_convolutions(calls: Sequence[LayerCall]) -> RuleCheck:
    """Whether every convolution is a depthwise separable one.

    A SeparableConv2D is; so is a DepthwiseConv2D whose output goes, through nothing but normalization,
    activation and dropout, into a 1x1 Conv2D of one group: the same two products in two layers, as
    MobileNet writes them (Howard et al. 2017, section 3.1). Half of such a pair is not, nor is any other
    convolution, nor a Dense layer that runs over the positions of an image, which is a 1x1 convolution.
    """
    separable = _names(calls, SEPARABLE)
    halves = {index for index, call in enumerate(calls) if type(call.layer) in DEPTHWISE}
    paired: set[int] = set()
    others, unknown = [], []
    for call in calls:
        if _is_pointwise(call.layer) and (sources := _behind(call, calls)) and sources <= halves:
            paired |= sources
        elif type(call.layer) in OTHER_CONVOLUTIONS:
            others.append(call)
        elif type(call.layer) is layers.Dense:
            if call.rank is None:
                unknown.append(call)
            elif call.rank > 2:
                others.append(call)
        elif _may_convolve(call.layer):
            unknown.append(call)
    others += [calls[index] for index in sorted(halves - paired)]
    rule = "Depthwise separable convolutions only"
    if others:
        kinds = ", ".join(sorted({type(call.layer).__name__ for call in others}))
        found = f"{_count(len({call.name for call in others}), 'layer')} of another kind ({kinds}):"
        return RuleCheck(rule, found, False, tuple(dict.fromkeys(call.name for call in others)))
    if unknown:
        return RuleCheck(
            rule, "unknown layers with weights:", None, tuple(dict.fromkeys(call.name for call in unknown))
        )
    pairs = len({calls[index].name for index in paired})
    found = f"{len(separable)} of {len(separable)} convolutions are SeparableConv2D" if separable else ""
    if pairs:
        found += "; " if found else ""
        found += f"{_count(pairs, 'pair')} of DepthwiseConv2D and 1x1 Conv2D, the same in two layers"
    return RuleCheck(rule, found or "no convolution at all", bool(separable or pairs))


def _is_pointwise(layer: keras.Operation) -> bool:
    return (
        type(layer) in (layers.Conv1D, layers.Conv2D) and set(layer.kernel_size) == {1} and layer.groups == 1
    )


def _behind(call: LayerCall, calls: Sequence[LayerCall]) -> set[int]:
    """The calls whose output reaches ``call`` unmixed; layers that act on each number alone are passed by."""
    found: set[int] = set()
    waiting = list(call.sources)
    while waiting:
        index = waiting.pop()
        if type(calls[index].layer) in BETWEEN_HALVES and len(calls[index].sources) == 1:
            waiting.extend(calls[index].sources)
        else:
            found.add(index)
    return found


def _may_convolve(layer: keras.Operation) -> bool:
    known = SEPARABLE | DEPTHWISE | WEIGHTED_BUT_NO_CONVOLUTION
    return isinstance(layer, keras.Layer) and type(layer) not in known and bool(layer.weights)


def _layers_of(calls: Sequence[LayerCall], kinds: Iterable[type]) -> list[tuple[str, keras.Layer]]:
    """Each layer of these kinds once, however often it is called, under the name of its first call."""
    found = {id(call.layer): (call.name, call.layer) for call in reversed(calls) if type(call.layer) in kinds}
    return list(reversed(found.values()))


def _names(calls: Sequence[LayerCall], kinds: Iterable[type]) -> list[str]:
    return [name for name, _ in _layers_of(calls, kinds)]


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def check_training(
    history: Sequence[EpochRow], planned_epochs: int, is_complete: bool, start: str | None
) -> RuleCheck:
    """Whether the run kept to 50 epochs.

    ``planned_epochs`` is what the run was asked for; ``start`` names the checkpoint that it began from,
    whose epochs its history does not hold.
    """
    rule = f"At most {EPOCH_LIMIT} epochs"
    found = _count(len(history), "epoch")
    if not is_complete:
        found += f" so far, of {planned_epochs} planned"
    if len(history) > EPOCH_LIMIT:
        return RuleCheck(rule, found, False)
    if start is not None:
        return RuleCheck(rule, f"{found}, and those of the checkpoint that it began from:", None, (start,))
    if not is_complete and planned_epochs > EPOCH_LIMIT:
        return RuleCheck(rule, found, None)
    return RuleCheck(rule, found, True)


def check_baseline(
    history: Sequence[EpochRow], comparison: Comparison, obstacle: str | None
) -> tuple[RuleCheck, RuleCheck]:
    """Whether the last epoch ended above the base network, and which epoch was the first above it.

    ``obstacle`` says why the validation accuracies cannot be held against 82.44%, where they cannot.
    """
    beaten = f"Final accuracy above {BASELINE_ACCURACY:.2%}"
    first = f"An epoch above {BASELINE_ACCURACY:.2%}"
    if obstacle is not None:
        return RuleCheck(beaten, obstacle, None), RuleCheck(first, obstacle, None)
    return _check_final(beaten, history, comparison), _check_first(first, history)


def _check_final(rule: str, history: Sequence[EpochRow], comparison: Comparison) -> RuleCheck:
    last = history[-1]
    if comparison.delta is None or comparison.delta_ci95 is None:
        return RuleCheck(rule, f"not finished: {last.val_accuracy:.2%} after epoch {last.epoch}", None)
    low, high = (100 * side for side in comparison.delta_ci95)
    found = f"{last.val_accuracy:.2%} after epoch {last.epoch}: {100 * comparison.delta:+.2f} points "
    found += f"(95% interval {low:+.2f} to {high:+.2f}), {comparison.verdict}"
    if comparison.verdict == "indistinguishable":
        found += " from the base network by one training"
    return RuleCheck(rule, found, last.val_accuracy > BASELINE_ACCURACY)


def _check_first(rule: str, history: Sequence[EpochRow]) -> RuleCheck:
    above = [row for row in history if row.val_accuracy > BASELINE_ACCURACY]
    if not above:
        return RuleCheck(rule, f"none of {len(history)}", False)
    first = above[0]
    found = f"first epoch {first.epoch} ({first.val_accuracy:.2%}, one measurement)"
    below = [row.epoch for row in history if row.val_accuracy <= BASELINE_ACCURACY]
    for_good = max(below, default=0) + 1
    if for_good > history[-1].epoch:
        found += "; the last epoch is not"
    elif for_good > first.epoch:
        found += f"; every one from epoch {for_good} on"
    return RuleCheck(rule, found, True)
