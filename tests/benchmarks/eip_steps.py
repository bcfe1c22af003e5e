"""The steps of ``eip train``: its own trainer, input and accuracy included."""

from measuring import BATCH, TurnClock, load_images, read_arguments

from eip_cli.networks.model import build_model
from eip_cli.recipes.augmentation import parse_augmentation
from eip_cli.recipes.configuration import TrainConfig
from eip_cli.recipes.protocols import resolve_config
from eip_cli.runs.recipe_names import find_recipe
from eip_cli.training.images.draws import Draws
from eip_cli.training.loop.trainer import LabelledImages, Trainer

MEAN = (0.5, 0.5, 0.5)  # a hole's colour


class StepTimes:
    """Tells the clock of each training step, from the end of one to the end of the next."""

    def __init__(self, clock: TurnClock) -> None:
        self._clock = clock
        clock.begin_step()

    def step_done(self, epoch: int, step: int, loss: float, accuracy: float) -> None:
        """The observer's part of a training."""
        self._clock.end_step()
        self._clock.begin_step()


def main() -> None:
    options = read_arguments()
    images, labels = load_images(options)
    asked = find_recipe(options.recipe).settings if options.recipe else {}
    config = resolve_config(TrainConfig(**{**asked, "model": options.network, "batch_size": BATCH}))
    augmentation = parse_augmentation(config.augment)
    draws = Draws(augmentation, images.shape, MEAN, seed=0) if augmentation.texts else None
    few = LabelledImages(images[:8], labels[:8])
    model = build_model(options.network)
    trainer = Trainer(model, config, LabelledImages(images, labels), few, draws=draws)
    trainer.run_epoch(0, StepTimes(TurnClock()), lambda: None)


if __name__ == "__main__":
    main()
