"""The steps of ``eip train``: its own trainer, input and accuracy included."""

import time

from measuring import BATCH, load_images, read_arguments, report

from eip_cli.model import build_model
from eip_cli.protocol import TrainConfig, resolve_config
from eip_cli.training import LabelledImages, Trainer


class StepClock:
    """Seconds from the end of one step to the end of the next."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._last = time.perf_counter()

    def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self._last)
        self._last = now


def main() -> None:
    options = read_arguments()
    images, labels = load_images(options)
    config = resolve_config(TrainConfig(model=options.network, batch_size=BATCH))
    few = LabelledImages(images[:8], labels[:8])
    trainer = Trainer(build_model(options.network), config, LabelledImages(images, labels), few)
    clock = StepClock()
    trainer.run_epoch(0, clock, lambda: None)
    report(clock.seconds)


if __name__ == "__main__":
    main()
