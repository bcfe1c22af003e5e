"""How an epoch is cut into calls: each is a program's run of many steps, between which it can be stopped."""

from dataclasses import dataclass

# A GPU takes so many steps of a small network in a fraction of a second: often enough to show how far it
# is and to heed Ctrl-C, seldom enough that what a call costs does not count.
STEPS_PER_CALL = 100


@dataclass(frozen=True)
class Call:
    """``steps`` batches of ``batch_size`` images each, from place ``start`` of the epoch's order on.

    ``first_step`` is the number of steps before it in the epoch.
    """

    start: int
    first_step: int
    steps: int
    batch_size: int

    @property
    def images(self) -> slice:
        """Places in the epoch's order."""
        return slice(self.start, self.start + self.steps * self.batch_size)


def plan_calls(count: int, batch_size: int) -> list[Call]:
    """The calls of an epoch of ``count`` images, in order; a smaller last batch has one of its own.

    Each length is a program to compile, so they are of one length where that can be, else of two.
    """
    full, rest = divmod(count, batch_size)
    calls, step = [], 0
    for steps in spread(full):
        calls.append(Call(step * batch_size, step, steps, batch_size))
        step += steps
    if rest:
        calls.append(Call(step * batch_size, step, 1, rest))
    return calls


def spread(steps: int) -> list[int]:
    """``steps`` in parts of at most STEPS_PER_CALL: equal ones, unless that took twice as many or more."""
    if not steps:
        return []
    fewest = -(-steps // STEPS_PER_CALL)
    number = next((parts for parts in range(fewest, 2 * fewest) if steps % parts == 0), fewest)
    each, more = divmod(steps, number)
    return [each + (part < more) for part in range(number)]
