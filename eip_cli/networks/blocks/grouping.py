"""A network as the blocks that people think in: a convolution with its normalization, activation, dropout."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from eip_cli.foundation.backend import keras
from eip_cli.networks.facts import ModelSummary
from eip_cli.networks.receptive_field.arithmetic import Pair
from eip_cli.networks.source_text.calls import IMAGE, CallList, Tensor, WrittenCall

from .layer_kinds import Kind, describe_addition, describe_main, find_kind, unwrap


@dataclass(frozen=True)
class Block:
    """Layers that belong together, and the blocks (by their index) whose outputs they take.

    ``size`` is the height and width of the output map, (1, 1) for a vector and None where it is neither;
    ``channels`` the number of its channels. ``title`` says what the main layer is, ``additions`` what comes
    with it, and ``additions_before`` what stands before it. ``layers`` are the names of the rows, and
    ``fields`` the receptive fields that follow them. ``moves_window`` where units see more than the sources'.
    """

    kind: Kind
    name: str
    title: str
    additions_before: tuple[str, ...]
    additions: tuple[str, ...]
    shape: tuple[int | None, ...]
    size: Pair | None
    channels: int | None
    params: int
    layers: tuple[str, ...]
    fields: tuple[Pair | None, ...]
    sources: tuple[int, ...]

    @property
    def receptive_field(self) -> Pair | None:
        """That of the output; None where it has seen the whole image, or is not known."""
        return self.fields[-1] if self.fields else (1, 1)


def list_blocks(model: keras.Model, summary: ModelSummary) -> tuple[Block, ...]:
    """The blocks of ``model``, whose summary ``summary`` is, in the order that they run; first the image.

    What has no window of its own (normalization, activation, dropout) belongs to what it follows, unless
    that goes elsewhere too, or merges paths and this has weights: then to the convolution that it leads to.
    """
    found = CallList()
    found.follow(model, [Tensor(IMAGE) for _ in model.inputs])
    drafts = _gather(found.calls)
    position = {call: index + 1 for index, draft in enumerate(drafts) for call in draft.calls}
    position[IMAGE] = 0
    channels_first = any(
        getattr(call.operation, "data_format", None) == "channels_first" for call in found.calls
    )
    shape = tuple(model.inputs[0].shape[1:])
    image = Block("image", "image", "image", (), (), shape, *_split(shape, channels_first), 0, (), (), ())
    return (image, *(_finish(draft, found.calls, summary, position, channels_first) for draft in drafts))


@dataclass
class _Draft:
    """A block in the making: its main call, and the calls before and after it."""

    kind: Kind
    main: int
    before: list[int] = field(default_factory=list)
    after: list[int] = field(default_factory=list)

    @property
    def calls(self) -> list[int]:
        return [*self.before, self.main, *self.after]


def _gather(calls: Sequence[WrittenCall]) -> list[_Draft]:
    uses = Counter(source.call for call in calls for source in call.sources)
    drafts: list[_Draft] = []
    ending: dict[int, _Draft] = {}  # by the call that is a draft's last
    for index, call in enumerate(calls):
        kind = find_kind(call.operation, len(call.sources))
        sources = [source.call for source in call.sources]
        before = ending.get(sources[0]) if len(sources) == 1 and uses[sources[0]] == 1 else None
        if kind == "addition" and before is not None and _takes(before, call.operation):
            before.after.append(index)
            ending[index] = before
            continue
        draft = _Draft(kind, index)
        if (
            kind in ("convolution", "separable", "depthwise")
            and before is not None
            and before.kind == "addition"
        ):
            drafts.remove(before)
            draft.before = before.calls
        drafts.append(draft)
        ending[index] = draft
    return drafts


def _takes(draft: _Draft, operation: keras.Operation) -> bool:
    """Whether an addition belongs to the draft before it."""
    has_weights = bool(getattr(operation, "weights", ()))
    return draft.kind != "merge" or not has_weights


def _finish(
    draft: _Draft,
    calls: Sequence[WrittenCall],
    summary: ModelSummary,
    position: dict[int, int],
    channels_first: bool,
) -> Block:
    rows = [summary.layers[call] for call in draft.calls]
    main = unwrap(calls[draft.main].operation)
    shape = rows[-1].output_shape
    first = calls[draft.calls[0]]
    outer = {position[source.call]: None for source in first.sources}
    after = [text for call in draft.after if (text := describe_addition(calls[call].operation))]
    return Block(
        kind="other" if draft.kind == "addition" else draft.kind,
        name=summary.layers[draft.main].name,
        title=describe_main(main, len(first.sources)),
        additions_before=tuple(
            text for call in draft.before if (text := describe_addition(calls[call].operation))
        ),
        additions=(*_own_activation(main), *after),
        shape=shape,
        size=_split(shape, channels_first)[0],
        channels=_split(shape, channels_first)[1],
        params=sum(row.params for row in rows),
        layers=tuple(row.name for row in rows),
        fields=tuple(row.receptive_field for row in rows),
        sources=tuple(outer),
    )


def _own_activation(layer: Any) -> tuple[str, ...]:
    activation = getattr(layer, "activation", None)
    if activation is None or type(layer).__name__ == "Activation":
        return ()
    text = describe_addition(layer)
    return (text,) if text else ()


def _split(shape: tuple[int | None, ...], channels_first: bool) -> tuple[Pair | None, int | None]:
    """The size of a map and its channels."""
    if len(shape) == 1:
        return (1, 1), shape[0]
    if len(shape) != 3:
        return None, None
    height, width = shape[1:] if channels_first else shape[:2]
    size = None if height is None or width is None else (height, width)
    return size, shape[0] if channels_first else shape[2]
