"""Classifiers that map a batch of inputs `(N, channels, *extents)` to logits `(N, C)`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from simulations.networks.data import Dataset
from simulations.networks.settings import Norm

MODELS = ("softmax", "mlp", "conv", "resnet18", "resnet20")
"""Names that `build` knows."""
PERCEPTRONS = ("softmax", "mlp")
"""Those that are linear layers and ReLU alone, and small."""


def softmax_regression(features: int, classes: int) -> nn.Sequential:
    """Logits linear in the flattened input."""
    return nn.Sequential(nn.Flatten(), nn.Linear(features, classes))


def mlp(features: int, classes: int, hidden: Sequence[int] = (128,)) -> nn.Sequential:
    """Fully connected layers with ReLU between them, on the flattened input."""
    widths = (features, *hidden)
    layers: list[nn.Module] = [nn.Flatten()]
    for inner, outer in itertools.pairwise(widths):
        layers += [nn.Linear(inner, outer), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(widths[-1], classes))


def conv_net(channels: int, dimensions: int, classes: int, *, norm: Norm = "group") -> nn.Sequential:
    """Two convolutions of 3 taps a side to 16 and 32 channels, normalised, the second of stride 2; mean; linear.

    Args:
        channels: of the input.
        dimensions: 1 for signals, 2 for images.
        classes: C.
        norm: group (8 groups) or batch normalisation.
    """
    if dimensions not in (1, 2):
        raise ValueError(f"dimensions is {dimensions}; a convolutional net takes signals (1) or images (2)")
    convolution = nn.Conv1d if dimensions == 1 else nn.Conv2d
    pool = nn.AdaptiveAvgPool1d(1) if dimensions == 1 else nn.AdaptiveAvgPool2d(1)
    return nn.Sequential(
        convolution(channels, 16, 3, padding=1, bias=False),
        _normalisation(16, norm, dimensions),
        nn.ReLU(),
        convolution(16, 32, 3, stride=2, padding=1, bias=False),
        _normalisation(32, norm, dimensions),
        nn.ReLU(),
        pool,
        nn.Flatten(),
        nn.Linear(32, classes),
    )


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut, a 1×1 convolution where the shape changes."""

    def __init__(self, inner: int, outer: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.first = nn.Conv2d(inner, outer, 3, stride, padding=1, bias=False)
        self.first_norm = _normalisation(outer, norm, 2)
        self.second = nn.Conv2d(outer, outer, 3, padding=1, bias=False)
        self.second_norm = _normalisation(outer, norm, 2)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inner != outer:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inner, outer, 1, stride, bias=False), _normalisation(outer, norm, 2)
            )

    def forward(self, inputs: Tensor) -> Tensor:
        """`(N, inner, H, W) -> (N, outer, H/stride, W/stride)`."""
        hidden = self.first_norm(self.first(inputs)).relu()
        return (self.second_norm(self.second(hidden)) + self.shortcut(inputs)).relu()


def resnet(
    channels: int, classes: int, *, widths: Sequence[int], blocks: int, norm: Norm = "group"
) -> nn.Sequential:
    """Residual network for small images: stages of `blocks` blocks, all but the first of stride 2.

    Widths (16, 32, 64) with 3 blocks are ResNet-20; (64, 128, 256, 512) with 2 are ResNet-18 with a 3×3 stem.

    Source: He et al., Deep Residual Learning for Image Recognition, CVPR 2016; group normalisation by
    default (Wu and He, ECCV 2018) so that a sample's logits do not depend on its batch.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(channels, widths[0], 3, padding=1, bias=False),
        _normalisation(widths[0], norm, 2),
        nn.ReLU(),
    ]
    inner = widths[0]
    for stage, outer in enumerate(widths):
        for block in range(blocks):
            layers.append(ResidualBlock(inner, outer, 2 if stage > 0 and block == 0 else 1, norm))
            inner = outer
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inner, classes))


def build(
    name: str,
    dataset: Dataset,
    *,
    seed: int,
    hidden: Sequence[int] = (128,),
    norm: Norm = "group",
) -> nn.Module:
    """The model of that name for a data set, initialised from `seed` alone, in the data's dtype."""
    features, classes = dataset.features, dataset.classes
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if name == "softmax":
            model: nn.Module = softmax_regression(math.prod(features), classes)
        elif name == "mlp":
            model = mlp(math.prod(features), classes, hidden)
        elif name == "conv":
            model = conv_net(features[0], len(features) - 1, classes, norm=norm)
        elif name in ("resnet18", "resnet20"):
            if len(features) != 3:
                raise ValueError(f"model {name} takes images; {dataset.name} has inputs of shape {features}")
            widths, blocks = ((16, 32, 64), 3) if name == "resnet20" else ((64, 128, 256, 512), 2)
            model = resnet(features[0], classes, widths=widths, blocks=blocks, norm=norm)
        else:
            raise ValueError(f"model is {name!r}; it must be one of {', '.join(MODELS)}")
        return model.to(dataset.train_inputs.dtype)


def _normalisation(channels: int, norm: Norm, dimensions: int) -> nn.Module:
    if norm == "group":
        return nn.GroupNorm(math.gcd(8, channels), channels)
    if norm == "batch":
        return nn.BatchNorm1d(channels) if dimensions == 1 else nn.BatchNorm2d(channels)
    raise ValueError(f"norm is {norm!r}; it must be 'group' or 'batch'")
