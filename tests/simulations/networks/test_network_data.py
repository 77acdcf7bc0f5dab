"""Data sets: shapes, fixed splits, the published binary format, and files that are not right."""

from __future__ import annotations

import hashlib
import math
import random
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from simulations.networks.data import Dataset, digits, from_samples, load, mnist1d
from simulations.networks.data.cifar import LAYOUTS


def test_digits():
    data = load("digits")
    assert data.train_inputs.shape == (1437, 1, 8, 8)
    assert data.test_inputs.shape == (360, 1, 8, 8)
    assert data.train_inputs.dtype == torch.float64
    assert data.train_inputs.max() == 1
    assert sorted(set(data.train_labels.tolist())) == list(range(10))
    assert digits(torch.float32).train_inputs.dtype == torch.float32


def test_mnist1d_is_the_published_one_and_leaves_the_random_states_alone():
    np.random.seed(7)  # noqa: NPY002
    random.seed(7)
    expected = np.random.rand(), random.random()  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    random.seed(7)
    data = mnist1d()
    assert (np.random.rand(), random.random()) == expected  # noqa: NPY002
    assert data.train_inputs.shape == (4000, 1, 40)
    assert data.test_inputs.shape == (1000, 1, 40)
    everything = torch.cat([data.train_inputs, data.test_inputs])
    assert float(everything.mean()) == pytest.approx(0, abs=1e-12)
    assert float(everything.std(correction=0)) == pytest.approx(1)
    assert torch.cat([data.train_labels, data.test_labels]).bincount().tolist() == [500] * 10


def write_cifar(folder, name, rows=4, label=None):
    """Files in the published layout; returns the pixels and labels written."""
    layout, generator = LAYOUTS[name], np.random.default_rng(0)
    written = {}
    for file in (*layout.train, layout.test):
        labels = generator.integers(0, layout.classes, rows) if label is None else np.full(rows, label)
        pixels = generator.integers(0, 256, (rows, 3, 32, 32))
        head = labels[:, None] if layout.label_bytes == 1 else np.stack([labels * 0 + 3, labels], 1)
        table = np.concatenate([head, pixels.reshape(rows, -1)], 1).astype(np.uint8)
        (folder / file).write_bytes(table.tobytes())
        written[file] = pixels, labels
    return written


@pytest.mark.parametrize("name", LAYOUTS)
def test_cifar_folder(tmp_path, name):
    written = write_cifar(tmp_path, name)
    data = load(name, path=tmp_path)
    layout = LAYOUTS[name]
    train = np.concatenate([written[file][0] for file in layout.train]).astype(float)
    mean, deviation = train.mean((0, 2, 3), keepdims=True), train.std((0, 2, 3), keepdims=True)
    np.testing.assert_allclose(data.train_inputs.numpy(), (train - mean) / deviation, rtol=1e-10, atol=1e-12)
    test = (written[layout.test][0] - mean) / deviation
    np.testing.assert_allclose(data.test_inputs.numpy(), test, rtol=1e-10, atol=1e-12)
    assert data.train_labels.tolist() == np.concatenate([written[f][1] for f in layout.train]).tolist()
    assert data.classes == layout.classes


def test_cifar_archive_and_its_checksum(tmp_path, monkeypatch):
    write_cifar(tmp_path, "cifar10")
    archive = tmp_path / "cifar-10-binary.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for file in sorted(tmp_path.glob("*.bin")):
            tar.add(file, f"cifar-10-batches-bin/{file.name}")
    with pytest.raises(ValueError, match="has MD5"):
        load("cifar10", path=archive)
    md5 = hashlib.md5(archive.read_bytes()).hexdigest()
    monkeypatch.setitem(LAYOUTS, "cifar10", replace(LAYOUTS["cifar10"], md5=md5))
    from_archive, from_folder = load("cifar10", path=archive), load("cifar10", path=tmp_path)
    torch.testing.assert_close(from_archive.train_inputs, from_folder.train_inputs, rtol=0, atol=0)


def test_cifar_files_that_are_wrong(tmp_path):
    with pytest.raises(ValueError, match="needs the path"):
        load("cifar10")
    with pytest.raises(ValueError, match="does not exist"):
        load("cifar10", path=tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"lacks data_batch_1\.bin"):
        load("cifar10", path=tmp_path)
    write_cifar(tmp_path, "cifar10")
    file = tmp_path / "data_batch_3.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"data_batch_3\.bin has 12291 bytes.*truncated"):
        load("cifar10", path=tmp_path)
    write_cifar(tmp_path, "cifar10", label=10)
    with pytest.raises(ValueError, match=r"label 10.*\[0, 9\]"):
        load("cifar10", path=tmp_path)


def test_npz_of_every_known_shape(tmp_path):
    generator = np.random.default_rng(1)
    labels = np.arange(10) % 3
    for names, shape, expected in (
        (("images", "labels"), (10, 6, 7), (1, 6, 7)),
        (("x", "y"), (10, 6, 7, 3), (3, 6, 7)),
        (("inputs", "labels"), (10, 3, 6, 7), (3, 6, 7)),
        (("images", "labels"), (10, 9), (1, 9)),
    ):
        images = generator.integers(0, 256, shape).astype(np.uint8)
        np.savez(tmp_path / "a.npz", **{names[0]: images, names[1]: labels})
        data = load(str(tmp_path / "a.npz"))
        assert data.features == expected
        assert data.classes == 3
        assert (len(data.train_labels), len(data.test_labels)) == (8, 2)
        assert data.train_inputs.mean(0).abs().max() < 3
    np.savez(
        tmp_path / "b.npz",
        train_images=images,
        train_labels=labels[:, None],
        test_images=images[:4],
        test_labels=labels[:4, None],
    )
    data = load(str(tmp_path / "b.npz"))
    assert (len(data.train_labels), len(data.test_labels)) == (10, 4)
    assert float(data.train_inputs.mean()) == pytest.approx(0, abs=1e-12)


def test_npz_files_that_are_wrong(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        load(str(tmp_path / "nowhere.npz"))
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros((10, 4)), labels=np.arange(10))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match="cannot be read"):
        load(str(path))
    np.savez(path, images=np.array([{}], dtype=object), labels=np.arange(1))
    with pytest.raises(ValueError, match="cannot be read"):
        load(str(path))
    np.savez(path, pictures=np.zeros(3))
    with pytest.raises(ValueError, match="holds pictures; it must hold"):
        load(str(path))
    np.savez(path, images=np.zeros((10, 4)), labels=np.linspace(0, 1, 10))
    with pytest.raises(ValueError, match="integer labels"):
        load(str(path))
    np.savez(path, images=np.zeros((10, 4)), labels=np.arange(10) - 1)
    with pytest.raises(ValueError, match=r"must lie in \[0"):
        load(str(path))
    np.savez(path, images=np.zeros((10, 4)), labels=np.arange(9))
    with pytest.raises(ValueError, match="10 inputs and 9 labels"):
        load(str(path))


def test_objects_of_the_ecosystem():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    pairs = [(image, 0), (image, 1)]
    mappings = [{"img": image, "label": 0}, {"img": image, "label": 2}]
    for train, classes in ((pairs, 2), (mappings, 3)):
        data = from_samples(train, train, name="mine")
        assert data.features == (3, 2, 2)
        assert data.classes == classes
        assert float(data.train_inputs[0, 2, 1, 1]) == pytest.approx(11 / 255)
    assert from_samples([(torch.ones(1, 4), 1)] * 2, [(torch.ones(1, 4), 0)], name="m").features == (1, 4)
    with pytest.raises(ValueError, match="test is empty"):
        from_samples(pairs, [], name="mine")
    with pytest.raises(ValueError, match="samples hold a, b"):
        from_samples([{"a": 1, "b": 2}], pairs, name="mine")


def test_a_data_set_refuses_what_does_not_fit():
    data = digits()
    with pytest.raises(ValueError, match="classes is 1"):
        replace(data, classes=1)
    with pytest.raises(ValueError, match=r"train labels span \[0, 9\]; they must lie in \[0, 4\]"):
        replace(data, classes=5)
    with pytest.raises(ValueError, match="360 inputs and 1 labels"):
        replace(data, test_labels=data.test_labels[:1])
    with pytest.raises(ValueError, match=r"train inputs have shape \(1, 8, 8\), test inputs \(1, 8, 7\)"):
        replace(data, test_inputs=data.test_inputs[..., 1:])
    for part, broken in (("train", math.nan), ("test", math.inf)):
        inputs = getattr(data, f"{part}_inputs").clone()
        inputs[3, 0, 2, 2] = broken
        with pytest.raises(ValueError, match=rf"{part} input 3 \(of 1\) holds NaN or infinite"):
            replace(data, **{f"{part}_inputs": inputs})
    with pytest.raises(ValueError, match="data is 'mnist'"):
        load("mnist")
    assert isinstance(data.to("cpu"), Dataset)
