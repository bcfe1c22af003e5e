"""The optimizer that a configuration asks for: Keras's own classes, and which weights they let decay."""

from eip_cli.foundation.backend import keras
from eip_cli.foundation.errors import TrainingError
from eip_cli.recipes.configuration import OWN, TrainConfig

SGD_MOMENTUM = 0.9


def make_optimizer(model: keras.Model, config: TrainConfig) -> keras.optimizers.Optimizer:
    """The optimizer of a resolved ``config`` for ``model``, not built yet; the model's own where it says so.

    Weights decay apart from the gradient, by rate times weight decay; vectors (biases, and what normalization
    learns) and depthwise kernels, of which every number stands alone for a channel, do not.

    Raises TrainingError where the model's own optimizer does not fit the settings.
    """
    if config.optimizer == OWN:
        return _take_own(model, config)
    settings: dict[str, float | bool] = {}
    if config.weight_decay is not None:
        settings["weight_decay"] = config.weight_decay
    if config.clip_norm is not None:
        settings["global_clipnorm"] = config.clip_norm
    if config.optimizer == "muon":  # which hands what is no matrix to AdamW
        settings["adam_weight_decay"] = config.weight_decay or 0.0
    if config.optimizer == "sgd":
        settings |= {"momentum": SGD_MOMENTUM, "nesterov": True}
    classes = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "lion": keras.optimizers.Lion,
        "muon": keras.optimizers.Muon,
    }
    optimizer = classes[str(config.optimizer)](config.learning_rate, **settings)
    if config.weight_decay:
        optimizer.exclude_from_weight_decay(
            [weight for weight in model.trainable_variables if not _may_decay(weight)]
        )
    return optimizer


def _may_decay(weight: keras.Variable) -> bool:
    return len(weight.shape) > 1 and "depthwise_kernel" not in weight.path


def _take_own(model: keras.Model, config: TrainConfig) -> keras.optimizers.Optimizer:
    for name in ("weight_decay", "clip_norm"):
        if getattr(config, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise TrainingError(
                f"{config.model} is compiled with an optimizer of its own: give --optimizer with {option}"
            )
    if config.learning_rate is not None:
        try:
            model.optimizer.learning_rate = config.learning_rate
        except TypeError:
            raise TrainingError(
                f"{config.model} is compiled with a learning-rate schedule: leave --learning-rate out"
            ) from None
    return model.optimizer
