"""Names for a network's tensors as a person would choose them: few, and used again once they are free."""

from collections.abc import Iterator, Sequence
from itertools import count

from .calls import IMAGE, Tensor, WrittenCall

INPUT_NAME = "image"
# The trunk, then its branches; a wider network goes on with x1, x2, ...
BRANCH_NAMES = ("x", "a", "b", "c", "d")


def name_tensors(calls: Sequence[WrittenCall], order: Sequence[int], output: Tensor) -> dict[Tensor, str]:
    """A variable for each tensor that is used; one whose last use is here passes its name on.

    ``order`` is that of the lines, ``output`` the network's own.
    """
    last_use = {source: position for position, index in enumerate(order) for source in calls[index].sources}
    last_use[output] = len(order)
    names = {Tensor(IMAGE): INPUT_NAME}
    free = _Names()
    for position, index in enumerate(order):
        for source in dict.fromkeys(calls[index].sources):
            if last_use[source] == position and source.call != IMAGE:
                free.give_back(names[source])
        outputs = [Tensor(index, number) for number in range(calls[index].n_outputs)]
        names.update({tensor: free.take() for tensor in outputs if tensor in last_use})
    return names


class _Names:
    """Names in the order in which they are liked."""

    def __init__(self) -> None:
        self._unused: Iterator[str] = iter(BRANCH_NAMES)
        self._numbers = count(1)
        self._ranks: dict[str, int] = {}
        self._free: list[str] = []

    def take(self) -> str:
        if self._free:
            name = min(self._free, key=self._ranks.__getitem__)
            self._free.remove(name)
            return name
        name = next(self._unused, None) or f"x{next(self._numbers)}"
        self._ranks[name] = len(self._ranks)
        return name

    def give_back(self, name: str) -> None:
        self._free.append(name)
