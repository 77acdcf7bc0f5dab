"""Classifiers that map a batch of inputs to logits `(N, C)`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import nn

from simulations.networks.data import Dataset


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


MODELS = ("softmax", "mlp")
"""Names that `build` knows."""


def build(name: str, dataset: Dataset, *, seed: int) -> nn.Module:
    """The model of that name for a data set, in the data's dtype, initialised from `seed` alone."""
    features = math.prod(dataset.features)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        match name:
            case "softmax":
                model = softmax_regression(features, dataset.classes)
            case "mlp":
                model = mlp(features, dataset.classes)
            case _:
                raise ValueError(f"model is {name!r}; it must be one of {', '.join(MODELS)}")
        return model.to(dataset.train_inputs.dtype)
