"""The same training in plain, eager PyTorch, in its faster memory format."""

from collections.abc import Callable

import torch
from measuring import BATCH, TurnClock, load_images, read_arguments
from torch import nn
from torch.nn.functional import cross_entropy


def separable_convolution(
    channels: int, filters: int, kernel: int = 3, stride: int = 1, multiplier: int = 1
) -> nn.Sequential:
    """Depthwise, pointwise, batch normalization with Keras's settings."""
    inner = channels * multiplier
    return nn.Sequential(
        nn.Conv2d(channels, inner, kernel, stride, kernel // 2, groups=channels, bias=False),
        nn.Conv2d(inner, filters, 1, bias=False),
        nn.BatchNorm2d(filters, eps=1e-3, momentum=0.05),
    )


class Pair(nn.Module):
    """Two of them beside a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        first, second = (separable_convolution(channels, channels) for _ in range(2))
        self._pair = nn.Sequential(first, nn.ReLU(), second)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.relu(image + self._pair(image))


class Gated(nn.Module):
    """The product of two of them, beside a shortcut."""

    def __init__(self, channels: int, width: int, kernel: int) -> None:
        super().__init__()
        self._far = nn.Sequential(separable_convolution(channels, width, kernel), nn.ReLU())
        self._near = separable_convolution(channels, width)
        self._last = separable_convolution(width, channels)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = self._last(self._far(image) * self._near(image))
        return image + product


def build_separable() -> nn.Module:
    """The report's network: ReLU before batch normalization, dropout after it."""
    modules: list[nn.Module] = []
    channels = 3
    for index, filters in enumerate((64, 64, 64, 128, 128, 128, 10)):
        if index == 3:
            modules.append(nn.AvgPool2d(2))
        stride, padding = (2, 0) if index == 6 else (1, 1)
        modules.append(nn.Conv2d(channels, channels, 3, stride, padding, groups=channels, bias=False))
        modules += [nn.Conv2d(channels, filters, 1), nn.ReLU(), nn.BatchNorm2d(filters, 1e-3, 0.01)]
        if index > 0:
            modules.append(nn.Dropout(0.25))
        channels = filters
    last = (nn.Conv2d(10, 10, 3, groups=10, bias=False), nn.Conv2d(10, 10, 1), nn.ReLU())
    return nn.Sequential(*modules, nn.AvgPool2d(2), *last, nn.Flatten())


def build_base() -> nn.Module:
    """The network that the report's has to beat."""
    modules: list[nn.Module] = []
    channels = 3
    for filters in (48, 96, 192):
        modules += [nn.Conv2d(channels, filters, 3, padding=1), nn.ReLU()]
        modules += [nn.Conv2d(filters, filters, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]
        channels = filters
    modules.append(nn.Flatten())
    for inputs, units in ((192 * 2 * 2, 512), (512, 256)):
        modules += [nn.Linear(inputs, units), nn.ReLU(), nn.Dropout(0.5)]
    return nn.Sequential(*modules, nn.Linear(256, 10))


def _classify(*modules: nn.Module, channels: int) -> nn.Module:
    return nn.Sequential(
        *modules, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(channels, 10)
    )


def build_residual() -> nn.Module:
    """The known network of that name."""
    return _classify(
        separable_convolution(3, 40, multiplier=8),
        nn.ReLU(),
        Pair(40),
        separable_convolution(40, 64, stride=2),
        nn.ReLU(),
        Pair(64),
        separable_convolution(64, 64),
        nn.ReLU(),
        separable_convolution(64, 96, stride=2),
        nn.ReLU(),
        Pair(96),
        channels=96,
    )


def build_gated() -> nn.Module:
    """``glu3`` of examples/search."""
    return _classify(
        separable_convolution(3, 32, multiplier=9),
        nn.ReLU(),
        Gated(32, 32, 3),
        separable_convolution(32, 56, stride=2),
        nn.ReLU(),
        Gated(56, 56, 5),
        Gated(56, 56, 5),
        separable_convolution(56, 88, stride=2),
        nn.ReLU(),
        Gated(88, 64, 3),
        channels=88,
    )


BUILDERS: dict[str, Callable[[], nn.Module]] = {
    "separable": build_separable,
    "base": build_base,
    "residual": build_residual,
    "glu3": build_gated,
}


def main() -> None:
    options = read_arguments()
    images, labels = load_images(options)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(255)
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    targets = torch.from_numpy(labels)
    model = BUILDERS[options.network.rpartition(":")[2]]().to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 0.004, eps=1e-7)
    clock = TurnClock()
    for batch, target in zip(pixels.split(BATCH), targets.split(BATCH), strict=True):
        clock.begin_step()
        optimizer.zero_grad()
        cross_entropy(model(batch), target).backward()
        optimizer.step()
        clock.end_step()
    clock.finish()


if __name__ == "__main__":
    main()
