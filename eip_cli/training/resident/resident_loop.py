"""The loop that takes many steps in one call of a program, on images that lie in the device's memory."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from eip_cli.training.images import on_device
from eip_cli.training.images.picks import draw_picks
from eip_cli.training.loop.parts import Parts
from eip_cli.training.loop.randomness import image_order, seed_random_layers
from eip_cli.training.loop.tally import EpochTally
from eip_cli.training.loop.weight_averages import ExponentialAverage
from eip_cli.training.measurement import INFERENCE_BATCH
from eip_cli.training.observers import StepObserver

from .calls import Call, plan_calls, spread
from .inputs import Tree, pack_picks


class Program(Protocol):
    """The steps and the inference of a training, compiled by its backend."""

    def rehearse(self, inputs: Tree) -> None:
        """Trace the steps of a call with such ``inputs``. Raises what they raise."""

    def train(self, inputs: Tree) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Take the steps; loss and accuracy of each, (steps,)."""

    def outputs(self, images: Any, places: NDArray[np.int32]) -> NDArray[np.float32]:
        """The outputs (batches, n, classes) for the images at ``places`` (batches, n), in inference mode."""


class ResidentLoop:
    """Takes the steps that a StepwiseLoop takes, on the same images with the same draws.

    ``check`` is called before every call of the program, and losses are read once a call.
    """

    def __init__(self, parts: Parts, program: Program) -> None:
        self._parts = parts
        self._program = program
        self._rates: list[float] = []
        self._compiled: set[tuple[int, int]] = set()  # shapes of calls
        self._kept: tuple[np.ndarray, Any] | None = None  # the images measured last, and their tensor

    @property
    def step_rates(self) -> list[float]:
        """Images per second of each step: its call's, those left out in which programs are compiled."""
        return list(self._rates)

    def rehearse(self) -> None:
        """Trace a call's steps, before the first is taken. Raises what the tracing raises."""
        count = self._parts.batches.count
        first = plan_calls(count, self._parts.batch_size)[0]
        inputs = self._inputs(0, np.arange(count), first)
        self._add_average_shares(inputs, first.steps)
        self._program.rehearse(inputs)

    def train_epoch(
        self, epoch: int, observer: StepObserver, check: Callable[[], None]
    ) -> tuple[float, float]:
        """As of every Loop."""
        parts = self._parts
        seed_random_layers(parts.model, parts.config.seed, epoch)
        order = image_order(parts.config.seed, epoch, parts.batches.count)
        calls = plan_calls(len(order), parts.batch_size)
        tally = EpochTally(epoch, observer)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="calls") as worker:
            # What the next call needs is drawn while the device works on this one.
            coming = worker.submit(self._inputs, epoch, order, calls[0])
            for number, call in enumerate(calls):
                check()
                began = time.perf_counter()
                inputs = coming.result()
                if number + 1 < len(calls):
                    coming = worker.submit(self._inputs, epoch, order, calls[number + 1])
                self._add_average_shares(inputs, call.steps)
                losses, accuracies = self._program.train(inputs)
                self._note_rate(call, time.perf_counter() - began)
                rates = parts.rate.plan(epoch, call.first_step, call.steps)
                parts.rate.was_put_in_force(rates[-1])
                for loss, accuracy, rate in zip(losses.tolist(), accuracies.tolist(), rates, strict=True):
                    tally.add(call.batch_size, loss, accuracy, rate)
        return tally.means

    def outputs(self, images: np.ndarray, check: Callable[[], None]) -> np.ndarray:
        """As of every Loop."""
        if self._kept is None or self._kept[0] is not images:
            self._kept = (images, on_device.keep(images))
        # The last batch is filled up with images that are computed twice.
        number = -(-len(images) // INFERENCE_BATCH)
        places = np.minimum(np.arange(number * INFERENCE_BATCH), len(images) - 1).astype(np.int32)
        found, done = [], 0
        for batches in spread(number):
            check()
            part = places[done * INFERENCE_BATCH : (done + batches) * INFERENCE_BATCH]
            found.append(self._program.outputs(self._kept[1], part.reshape(batches, -1)))
            done += batches
        outputs = np.concatenate(found)
        return outputs.reshape(-1, outputs.shape[-1])[: len(images)]

    def _inputs(self, epoch: int, order: NDArray[np.int64], call: Call) -> Tree:
        parts = self._parts
        picks = draw_picks(parts.batches.draws, epoch, order[call.images])
        inputs: Tree = {"picks": pack_picks(picks, call.steps)}
        if parts.rate.has_schedule:
            rates = parts.rate.plan(epoch, call.first_step, call.steps)
            inputs["rate"] = np.array(rates, np.float32)
        return inputs

    def _add_average_shares(self, inputs: Tree, steps: int) -> None:
        """How much of each step's weights its average takes in."""
        if isinstance(self._parts.average, ExponentialAverage):
            inputs["average_share"] = self._parts.average.shares(steps)

    def _note_rate(self, call: Call, seconds: float) -> None:
        shape = (call.steps, call.batch_size)
        if shape in self._compiled:
            self._rates += [call.steps * call.batch_size / seconds] * call.steps
        self._compiled.add(shape)
