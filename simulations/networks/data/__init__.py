"""Real data sets as tensors in memory, each with a fixed split into training and test samples."""

from __future__ import annotations

from pathlib import Path

import torch

from simulations.networks.data.cifar import LAYOUTS, cifar
from simulations.networks.data.dataset import Dataset
from simulations.networks.data.npz import npz
from simulations.networks.data.samples import from_samples
from simulations.networks.data.small import digits, mnist1d

__all__ = ["Dataset", "cifar", "digits", "from_samples", "load", "mnist1d", "npz"]


def load(name: str, *, path: Path | None = None, dtype: torch.dtype = torch.float64) -> Dataset:
    """The data set `digits`, `mnist1d`, `cifar10`, `cifar100` (these two from `path`), or an `.npz` file.

    Raises:
        ValueError: an unknown name, or a path where none is read or where it is missing.
    """
    if path is not None and name not in LAYOUTS:
        raise ValueError(
            f"path is {path}, but data is {name!r}; only {', '.join(LAYOUTS)} are read from a path"
        )
    if name == "digits":
        return digits(dtype)
    if name == "mnist1d":
        return mnist1d(dtype)
    if name in LAYOUTS:
        if path is None:
            raise ValueError(f"data {name!r} needs the path of its published binary archive or folder")
        return cifar(name, path, dtype)
    if name.endswith(".npz"):
        return npz(Path(name), dtype)
    raise ValueError(f"data is {name!r}; it must be digits, mnist1d, {', '.join(LAYOUTS)} or an .npz file")
