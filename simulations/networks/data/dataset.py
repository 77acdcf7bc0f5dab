"""What a data set is: labelled samples as tensors in memory, with a fixed split."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Dataset:
    """Labelled samples with a fixed split into training and test samples.

    Args:
        name: as users spell it.
        train_inputs: `(N, *features)`.
        train_labels: `(N,)`, integers in `[0, classes)`.
        test_inputs: `(N', *features)`.
        test_labels: `(N',)`.
        classes: C.
        source: where the samples come from.
    """

    name: str
    train_inputs: Tensor
    train_labels: Tensor
    test_inputs: Tensor
    test_labels: Tensor
    classes: int
    source: str

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise ValueError(f"{self.name}: classes is {self.classes}; at least 2 are needed")
        shapes = [tuple(inputs.shape[1:]) for inputs in (self.train_inputs, self.test_inputs)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"{self.name}: train inputs have shape {shapes[0]}, test inputs {shapes[1]}")
        for part in ("train", "test"):
            inputs, labels = getattr(self, f"{part}_inputs"), getattr(self, f"{part}_labels")
            if len(inputs) != len(labels) or not len(labels):
                raise ValueError(
                    f"{self.name}: {part} holds {len(inputs)} inputs and {len(labels)} labels; "
                    "equal counts of at least 1 are needed"
                )
            broken = ~inputs.flatten(1).isfinite().all(1)
            if bool(broken.any()):
                raise ValueError(
                    f"{self.name}: {part} input {int(broken.nonzero()[0])} (of {int(broken.sum())}) holds NaN or "
                    "infinite numbers"
                )
            if labels.min() < 0 or labels.max() >= self.classes:
                raise ValueError(
                    f"{self.name}: {part} labels span [{labels.min()}, {labels.max()}]; "
                    f"they must lie in [0, {self.classes - 1}]"
                )

    @property
    def features(self) -> tuple[int, ...]:
        """Shape of one input: `(channels, *extents)`."""
        return tuple(self.train_inputs.shape[1:])

    def to(self, device: torch.device | str) -> Dataset:
        """The same samples on another device."""
        return Dataset(
            self.name,
            self.train_inputs.to(device),
            self.train_labels.to(device),
            self.test_inputs.to(device),
            self.test_labels.to(device),
            self.classes,
            self.source,
        )


def every_fifth_held_out(name: str, inputs: Tensor, labels: Tensor, *, classes: int, source: str) -> Dataset:
    """A data set that was published without a split: samples 0, 5, 10, … are the test samples."""
    if len(inputs) != len(labels):
        raise ValueError(f"{name}: {len(inputs)} inputs and {len(labels)} labels; equal counts are needed")
    held_out = torch.arange(len(labels)) % 5 == 0
    return Dataset(
        name, inputs[~held_out], labels[~held_out], inputs[held_out], labels[held_out], classes, source
    )


def standardised(images: Tensor, reference: Tensor) -> Tensor:
    """Every channel shifted and scaled to mean 0 and variance 1 over `reference`, `(N, channels, …)`."""
    axes = [axis for axis in range(reference.ndim) if axis != 1]
    variance, mean = torch.var_mean(reference, axes, keepdim=True, correction=0)
    return (images - mean) / variance.clamp(min=torch.finfo(images.dtype).eps).sqrt()
