"""CIFAR-10 and CIFAR-100 from local files in their published binary version."""

from __future__ import annotations

import hashlib
import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from simulations.networks.data.dataset import Dataset, standardised

PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Layout:
    """How a published archive is laid out: rows of `label_bytes` labels (the last counts), then pixels."""

    classes: int
    label_bytes: int
    train: tuple[str, ...]
    test: str
    md5: str


LAYOUTS = {
    "cifar10": Layout(
        10,
        1,
        tuple(f"data_batch_{i}.bin" for i in range(1, 6)),
        "test_batch.bin",
        "c32a1d4ab5d03f1284b67883e8d87530",
    ),
    "cifar100": Layout(100, 2, ("train.bin",), "test.bin", "03b5dce01913d631647c71ecec9e9cb8"),
}
"""Layouts and MD5 sums as published on www.cs.toronto.edu/~kriz/cifar.html; cifar100 uses the fine labels."""


def cifar(name: str, path: Path, dtype: torch.dtype = torch.float32) -> Dataset:
    """CIFAR images `(3, 32, 32)`, every channel standardised over the training part.

    Args:
        name: `cifar10` or `cifar100`.
        path: the published `*-binary.tar.gz` (its MD5 is checked), or a folder with its `.bin` files.
        dtype: of the inputs.

    Raises:
        ValueError: for a missing or truncated file, a wrong checksum, a label out of range.

    Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
    """
    layout = LAYOUTS[name]
    contents = _contents(path, layout)
    parts = [_decode(contents[file], file, layout) for file in layout.train]
    train = torch.cat([images for images, _ in parts]).to(dtype)
    test, test_labels = _decode(contents[layout.test], layout.test, layout)
    return Dataset(
        name,
        standardised(train, train),
        torch.cat([labels for _, labels in parts]),
        standardised(test.to(dtype), train),
        test_labels,
        layout.classes,
        source=f"{name}, published binary version",
    )


def _contents(path: Path, layout: Layout) -> dict[str, bytes]:
    wanted = (*layout.train, layout.test)
    if path.is_dir():
        found = {file: (path / file).read_bytes() for file in wanted if (path / file).is_file()}
    elif path.is_file():
        raw = path.read_bytes()
        sum_found = hashlib.md5(raw, usedforsecurity=False).hexdigest()
        if sum_found != layout.md5:
            raise ValueError(f"{path} has MD5 {sum_found}; the published archive has {layout.md5}")
        found = {}
        with tarfile.open(path) as archive:
            for member in archive:
                file = Path(member.name).name
                stream = archive.extractfile(member) if file in wanted else None
                if stream is not None:
                    found[file] = stream.read()
    else:
        raise ValueError(f"{path} does not exist; the published binary archive or its folder is needed")
    missing = [file for file in wanted if file not in found]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}")
    return found


def _decode(raw: bytes, file: str, layout: Layout) -> tuple[Tensor, Tensor]:
    row = layout.label_bytes + PIXELS
    if not raw or len(raw) % row:
        raise ValueError(
            f"{file} has {len(raw)} bytes; a positive multiple of {row} is needed: is it truncated?"
        )
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(-1, row)
    labels = rows[:, layout.label_bytes - 1]
    if labels.max() >= layout.classes:
        raise ValueError(f"{file} holds label {labels.max()}; labels must lie in [0, {layout.classes - 1}]")
    images = rows[:, layout.label_bytes :].reshape(-1, 3, 32, 32)
    return torch.from_numpy(images.copy()), torch.from_numpy(labels.astype(np.int64))
