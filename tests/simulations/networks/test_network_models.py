"""Models: shapes, seeds, and that a sample's logits do not depend on its batch unless by request."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from simulations.networks.data import Dataset, digits
from simulations.networks.models import MODELS, build


def shaped(*features):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(6, *features, generator=generator, dtype=torch.float64)
    labels = torch.arange(6) % 3
    return Dataset("shaped", inputs, labels, inputs, labels, 3, "here")


@pytest.mark.parametrize("name", MODELS)
def test_a_seed_is_the_whole_initialisation_and_rows_are_independent(name):
    data = shaped(3, 16, 16)
    state = torch.random.get_rng_state()
    one, again, other = (build(name, data, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), state)
    pairs = list(zip(one.parameters(), again.parameters(), other.parameters(), strict=True))
    assert all(torch.equal(a, b) for a, b, _ in pairs)
    assert not all(torch.equal(a, c) for a, _, c in pairs)
    logits = one(data.train_inputs)
    assert logits.shape == (6, 3)
    torch.testing.assert_close(one(data.train_inputs[:2]), logits[:2], rtol=1e-10, atol=1e-12)


def test_signals():
    data = shaped(1, 40)
    assert build("conv", data, seed=0)(data.train_inputs).shape == (6, 3)
    with pytest.raises(ValueError, match=r"takes images; shaped has inputs of shape \(1, 40\)"):
        build("resnet20", data, seed=0)


def test_sizes_of_the_residual_networks():
    """Convolution weights: counted by layers for ResNet-20, as published for ResNet-18."""
    data = shaped(3, 16, 16)
    counts = {
        name: sum(p.numel() for m in build(name, data, seed=0).modules() if isinstance(m, nn.Conv2d)
                  for p in m.parameters())
        for name in ("resnet20", "resnet18")
    }  # fmt: skip
    expected_20 = 3 * 16 * 9 + 6 * 16 * 16 * 9 + (16 * 32 + 5 * 32 * 32) * 9 + 16 * 32
    expected_20 += (32 * 64 + 5 * 64 * 64) * 9 + 32 * 64
    assert counts == {"resnet20": expected_20, "resnet18": 11_159_232}


def test_batch_normalisation_by_request_couples_the_rows():
    data = shaped(3, 16, 16)
    model = build("conv", data, seed=0, norm="batch")
    assert any(isinstance(m, nn.BatchNorm2d) for m in model.modules())
    whole, part = model(data.train_inputs)[:2], model(data.train_inputs[:2])
    assert (whole - part).abs().max() > 1e-3


def test_refusals():
    with pytest.raises(ValueError, match="model is 'mlpp'"):
        build("mlpp", digits(), seed=0)
    with pytest.raises(ValueError, match="norm is 'layer'"):
        build("conv", digits(), seed=0, norm="layer")
