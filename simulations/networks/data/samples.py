"""Data sets that the user already has as objects of torchvision or datasets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from simulations.networks.data.dataset import Dataset


def from_samples(
    train: Sequence[Any], test: Sequence[Any], *, name: str, dtype: torch.dtype = torch.float32
) -> Dataset:
    """A `Dataset` from two sequences of `(image, label)` pairs or of mappings with an image and a label.

    Map-style torchvision data sets are the former, `datasets.Dataset` the latter (columns `image` or `img`,
    `label` or `labels`). An image is a tensor, an array or a PIL image; integers are scaled from [0, 255] to
    [0, 1], `(H, W, channels)` arrays become `(channels, H, W)`. Everything is read into memory.
    """
    parts = [_read(part, which, dtype) for part, which in ((train, "train"), (test, "test"))]
    (train_inputs, train_labels), (test_inputs, test_labels) = parts
    classes = 1 + int(max(train_labels.max(), test_labels.max()))
    return Dataset(name, train_inputs, train_labels, test_inputs, test_labels, classes, f"user's {name}")


def _read(samples: Sequence[Any], which: str, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    if len(samples) == 0:
        raise ValueError(f"{which} is empty; at least 1 sample is needed")
    pairs = [_pair(samples[i], which) for i in range(len(samples))]
    inputs = torch.stack([_image(image, dtype) for image, _ in pairs])
    return inputs, torch.tensor([int(label) for _, label in pairs])


def _pair(sample: Any, which: str) -> tuple[Any, Any]:
    if not isinstance(sample, Mapping):
        image, label = sample
        return image, label
    images = [sample[key] for key in ("image", "img") if key in sample]
    labels = [sample[key] for key in ("label", "labels") if key in sample]
    if len(images) != 1 or len(labels) != 1:
        raise ValueError(f"{which} samples hold {', '.join(sample)}; one image and one label are needed")
    return images[0], labels[0]


def _image(image: Any, dtype: torch.dtype) -> Tensor:
    if isinstance(image, Tensor):
        return image.to(dtype) if image.is_floating_point() else image.to(dtype) / 255
    array = np.asarray(image)
    tensor = torch.from_numpy(array.copy()).to(dtype)
    if np.issubdtype(array.dtype, np.integer):
        tensor = tensor / 255
    return tensor.movedim(2, 0) if tensor.ndim == 3 else tensor.unsqueeze(0)
