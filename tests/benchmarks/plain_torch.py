"""The same training in plain, eager PyTorch, in its faster memory format."""

import torch
from measuring import BATCH, TurnClock, load_images, read_arguments
from torch import nn
from torch.nn.functional import cross_entropy


def block(channels: int, filters: int, stride: int = 1, padding: int = 1) -> list[nn.Module]:
    """Depthwise, pointwise, ReLU."""
    depthwise = nn.Conv2d(channels, channels, 3, stride, padding, groups=channels, bias=False)
    return [depthwise, nn.Conv2d(channels, filters, 1), nn.ReLU()]


def build_separable() -> nn.Module:
    """The report's network with Keras's batch-norm settings."""
    modules: list[nn.Module] = []
    channels = 3
    for index, filters in enumerate((64, 64, 64, 128, 128, 128, 10)):
        if index == 3:
            modules.append(nn.AvgPool2d(2))
        modules += block(channels, filters, *((2, 0) if index == 6 else (1, 1)))
        modules.append(nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01))
        if index > 0:
            modules.append(nn.Dropout(0.25))
        channels = filters
    return nn.Sequential(*modules, nn.AvgPool2d(2), *block(10, 10, padding=0), nn.Flatten())


def main() -> None:
    options = read_arguments()
    images, labels = load_images(options)
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(255)
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    targets = torch.from_numpy(labels)
    model = build_separable().to(memory_format=torch.channels_last)
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
