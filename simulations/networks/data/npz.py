"""Images and labels from an `.npz` file of plain arrays."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from simulations.networks.data.dataset import Dataset, every_fifth_held_out, standardised

SPLIT = (
    ("train_images", "train_labels", "test_images", "test_labels"),
    ("train_inputs", "train_labels", "test_inputs", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
)
WHOLE = (("images", "labels"), ("inputs", "labels"), ("x", "y"))
"""Names of arrays that are known; a file without a split has every fifth sample held out."""


def npz(path: Path, dtype: torch.dtype = torch.float32) -> Dataset:
    """The arrays of an `.npz` file; C is one more than the largest label.

    Images `(N, H, W)`, `(N, H, W, 1 or 3)` or `(N, 1 or 3, H, W)` become `(N, channels, H, W)`, signals
    `(N, T)` become `(N, 1, T)`; every channel is standardised over the training part. Pickled arrays are
    refused.

    Raises:
        ValueError: for a missing or truncated file, unknown array names, labels that are not integers.
    """
    if not path.is_file():
        raise ValueError(f"{path} does not exist")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (BadZipFile, OSError, ValueError, EOFError) as error:
        raise ValueError(f"{path} cannot be read as an .npz of plain arrays: {error}") from error
    for names in (*SPLIT, *WHOLE):
        if all(name in arrays for name in names):
            parts = [
                _inputs(arrays[name], name, dtype) if i % 2 == 0 else _labels(arrays[name], name)
                for i, name in enumerate(names)
            ]
            break
    else:
        known = " or ".join(", ".join(names) for names in (*SPLIT, *WHOLE))
        raise ValueError(f"{path} holds {', '.join(arrays) or 'nothing'}; it must hold {known}")
    classes = 1 + int(max(labels.max() for labels in parts[1::2]))
    source = path.name
    if len(parts) == 2:
        split = every_fifth_held_out(path.stem, parts[0], parts[1], classes=classes, source=source)
    else:
        split = Dataset(path.stem, parts[0], parts[1], parts[2], parts[3], classes, source)
    train = split.train_inputs
    return Dataset(
        split.name,
        standardised(train, train),
        split.train_labels,
        standardised(split.test_inputs, train),
        split.test_labels,
        classes,
        source,
    )


def _inputs(array: np.ndarray, name: str, dtype: torch.dtype) -> Tensor:
    if array.ndim < 2 or not np.issubdtype(array.dtype, np.number):
        raise ValueError(
            f"{name} has shape {array.shape} and dtype {array.dtype}; numeric samples are needed"
        )
    inputs = torch.as_tensor(array).to(dtype)
    if inputs.ndim == 4 and inputs.shape[3] in (1, 3) and inputs.shape[1] not in (1, 3):
        return inputs.movedim(3, 1).contiguous()
    return inputs if inputs.ndim == 4 else inputs.unsqueeze(1)


def _labels(array: np.ndarray, name: str) -> Tensor:
    if not np.issubdtype(array.dtype, np.integer) or array.size == 0:
        raise ValueError(
            f"{name} has dtype {array.dtype} and {array.size} members; integer labels are needed"
        )
    return torch.as_tensor(array.reshape(len(array), -1)[:, 0].astype(np.int64))
