"""Real data sets as tensors in memory, each with a fixed split into training and test samples."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Dataset:
    """Labelled samples with a fixed split.

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
        for part in ("train", "test"):
            inputs, labels = getattr(self, f"{part}_inputs"), getattr(self, f"{part}_labels")
            if len(inputs) != len(labels) or not len(labels):
                raise ValueError(
                    f"{self.name}: {part} holds {len(inputs)} inputs and {len(labels)} labels; "
                    "equal counts of at least 1 are needed"
                )
            if labels.min() < 0 or labels.max() >= self.classes:
                raise ValueError(
                    f"{self.name}: {part} labels span [{labels.min()}, {labels.max()}]; "
                    f"they must lie in [0, {self.classes - 1}]"
                )

    @property
    def features(self) -> tuple[int, ...]:
        """Shape of one input."""
        return tuple(self.train_inputs.shape[1:])


def digits(dtype: torch.dtype = torch.float64) -> Dataset:
    """The 1,797 scans of handwritten digits that come with scikit-learn, 64 pixels scaled to [0, 1].

    Every fifth scan is a test sample: 1,437 train, 360 test.

    Source: Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository (the test part).
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    inputs = torch.as_tensor(bunch.data, dtype=dtype) / 16
    labels = torch.as_tensor(bunch.target, dtype=torch.int64)
    is_test = torch.arange(len(labels)) % 5 == 0
    return Dataset(
        "digits",
        inputs[~is_test],
        labels[~is_test],
        inputs[is_test],
        labels[is_test],
        classes=10,
        source="scikit-learn load_digits: UCI Optical Recognition of Handwritten Digits",
    )
