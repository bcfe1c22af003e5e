"""What is written below a block, and how much room it needs."""

from collections.abc import Sequence
from dataclasses import dataclass

from eip_cli.networks.blocks.grouping import Block

SMALL, NORMAL = 6.5, 7.5  # points


@dataclass(frozen=True)
class Caption:
    """One line below a block; ``points`` is the size of its letters."""

    text: str
    points: float = SMALL
    is_bold: bool = False
    is_grey: bool = False


def write_captions(block: Block, show_field: bool) -> list[Caption]:
    """Name, kind, what comes with it, and the output; of a merge only what its sign does not say."""
    shape = show_shape(block.shape)
    if block.kind == "merge":
        captions = [Caption(text, is_grey=True) for text in block.additions]
        return [*captions, Caption(shape)] if block.title == "cat" else captions
    if show_field and block.receptive_field and block.kind != "image":
        shape += f" · RF {show_pair(block.receptive_field)}"
    captions = [Caption(block.name, NORMAL, is_bold=True)]
    if block.title.lower() != block.name.lower():
        captions.append(Caption(block.title))
    before = f"{', '.join(block.additions_before)} first" if block.additions_before else ""
    additions = ", ".join(text for text in (before, *block.additions) if text)
    return [*captions, *([Caption(additions, is_grey=True)] if additions else []), Caption(shape)]


def show_shape(shape: Sequence[int | None]) -> str:
    """Sizes with signs of multiplication between: ``32×32×64``."""  # noqa: RUF002
    return "×".join("?" if size is None else str(size) for size in shape)  # noqa: RUF001


def show_pair(pair: Sequence[int]) -> str:
    """Height and width: one number where they are equal."""
    return str(pair[0]) if pair[0] == pair[1] else show_shape(pair)
