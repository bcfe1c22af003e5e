"""A run's configuration -> the command line that trains it again."""

import shlex
from pathlib import PurePath, PureWindowsPath

from eip_cli.networks.known import KNOWN_NETWORKS
from eip_cli.networks.users_code import is_user_network

from .configuration import OWN, TrainConfig
from .protocols import RECIPE_SETTINGS, list_departures, resolve_config


def portable_source(model: str) -> str:
    """``model`` without the folders of the machine that it was trained on."""
    if model in KNOWN_NETWORKS or (is_user_network(model) and not model.rpartition(":")[0].endswith(".py")):
        return model  # no path, or a module, which is found from another folder as another file
    windows = PureWindowsPath(model)
    return windows.name if windows.drive else PurePath(model).name


def protocol_of(config: TrainConfig, network: str | None) -> TrainConfig:
    """What ``eip train`` resolves to for this network and dataset when nothing else is asked for.

    ``network`` is the known network that the run's checkpoint holds, if any: only one that began from a
    checkpoint follows its protocol.
    """
    began_from_file = config.model not in KNOWN_NETWORKS and not is_user_network(config.model)
    return resolve_config(
        TrainConfig(model=config.model, dataset=config.dataset),
        compiled=config.optimizer == OWN,
        network=network if began_from_file else None,
    )


def write_train_command(config: TrainConfig, network: str | None = None) -> str:
    """``eip train`` with every option that differs from its default, quoted for a POSIX shell.

    The number of threads is always there: its default is the machine's, and other threads give other
    bits. A file goes by its name, and the folder with the images is left out, because both are
    another machine's; whether the images are the same the fingerprint says.
    """
    default = protocol_of(config, network)
    words = ["eip", "train"]
    if config.model != TrainConfig.model:
        words += ["--model", portable_source(config.model)]
    images = ("seed", "limit_train", "validation_split")
    for name in dict.fromkeys(
        ("dataset", "epochs", "batch_size", "learning_rate", *images, *RECIPE_SETTINGS)
    ):
        value = getattr(config, name)
        if value != (TrainConfig.dataset if name == "dataset" else getattr(default, name)):
            words += [f"--{name.replace('_', '-')}", _as_argument(value)]
    words += ["--threads", str(config.threads)]
    words += [] if config.accelerate else ["--no-accelerate"]
    words += [f"--{name}" for name in ("tensorboard", "trust") if getattr(config, name)]
    return shlex.join(words)


def _as_argument(value: object) -> str:
    """A setting's value as its option takes it: of several words, with commas between them."""
    if isinstance(value, tuple):
        return ",".join(value) or "none"
    return "0" if value is None else str(value)


def describe_changes(config: TrainConfig, network: str | None = None) -> list[str]:
    """How the training differs from its network's own protocol on its dataset, its length aside."""
    departures = list_departures(config, protocol_of(config, network))
    return [f"{name.replace('_', ' ')} {ours} instead of {own}" for name, (ours, own) in departures.items()]
