"""The order of things that others lead to: each after its sources, a branch as a whole."""

from collections.abc import Callable, Iterable, Sequence


def order_by_branch(ends: Sequence[int], sources_of: Callable[[int], Iterable[int]]) -> list[int]:
    """What leads to ``ends``, and these, by number: the first end with all of its sources, then the next.

    ``sources_of`` gives those of one, the branch that is to stand first before the others; without circles.
    """
    order: list[int] = []
    done: set[int] = set()
    waiting = [(end, False) for end in reversed(ends)]
    while waiting:  # no recursion: Python's would end at a thousand layers
        number, are_sources_done = waiting.pop()
        if number in done:
            continue
        if are_sources_done:
            done.add(number)
            order.append(number)
            continue
        waiting.append((number, True))
        waiting += [(source, False) for source in reversed(list(sources_of(number)))]
    return order
