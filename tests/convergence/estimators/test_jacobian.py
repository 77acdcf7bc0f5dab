"""Per-sample Jacobians and their sizes against a loop of autograd and the definitions."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from convergence.estimators.jacobian import centred_spectral_norm, jacobian_diameter, logit_jacobian


@pytest.fixture
def model():
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5)).to(torch.float64)


def dense(model, inputs):
    rows = []
    for sample in inputs:
        logits = model(sample.unsqueeze(0))[0]
        rows.append(
            torch.stack(
                [
                    torch.cat(
                        [
                            g.flatten()
                            for g in torch.autograd.grad(z, list(model.parameters()), retain_graph=True)
                        ]
                    )
                    for z in logits
                ]
            )
        )
    return torch.stack(rows)


def test_against_a_loop_of_autograd(model):
    inputs = torch.randn(7, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        logit_jacobian(model, inputs, chunk=3), dense(model, inputs), rtol=1e-12, atol=1e-14
    )


def test_sizes_by_their_definitions():
    jacobian = torch.randn(6, 5, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) + 1e3
    for row, diameter, norm in zip(
        jacobian, jacobian_diameter(jacobian), centred_spectral_norm(jacobian), strict=True
    ):
        expected = max((row[i] - row[j]).norm() for i, j in itertools.combinations(range(5), 2))
        assert float(diameter) == pytest.approx(float(expected), rel=1e-10)
        projection = torch.eye(5, dtype=torch.float64) - 0.2
        assert float(norm) == pytest.approx(float(torch.linalg.matrix_norm(projection @ row, 2)), rel=1e-10)
        assert diameter <= 2**0.5 * norm * (1 + 1e-12)


def test_frozen_parameters_do_not_count(model):
    model[0].weight.requires_grad_(False)
    inputs = torch.zeros(2, 4, dtype=torch.float64)
    assert logit_jacobian(model, inputs).shape == (2, 5, 6 + 30 + 5)


@pytest.mark.parametrize(
    "layer",
    [nn.BatchNorm1d(3), nn.BatchNorm2d(3), nn.BatchNorm3d(3), nn.SyncBatchNorm(3), nn.LazyBatchNorm1d()],
    ids=lambda layer: type(layer).__name__,
)
def test_batch_normalisation_is_refused(layer):
    with pytest.raises(ValueError, match=f"{type(layer).__name__} at '1'"):
        logit_jacobian(nn.Sequential(nn.Linear(4, 3), layer), torch.zeros(2, 4))


def test_normalisation_of_a_sample_is_not():
    model = nn.Sequential(nn.Linear(4, 4), nn.GroupNorm(2, 4), nn.LayerNorm(4))
    assert logit_jacobian(model, torch.ones(2, 4)).shape == (2, 4, 36)


def test_active_dropout_is_left_out_and_left_on(model):
    inputs = torch.randn(3, 4, dtype=torch.float64)
    dropping = nn.Sequential(model[0], nn.Dropout(0.5), *model[1:]).train()
    torch.testing.assert_close(logit_jacobian(dropping, inputs), logit_jacobian(model, inputs))
    assert dropping.training
    assert dropping[1].training


def test_running_instance_statistics_are_refused():
    model = nn.Sequential(nn.InstanceNorm1d(2, track_running_stats=True), nn.Flatten(), nn.Linear(6, 2))
    with pytest.raises(ValueError, match="track_running_stats=True at '0'"):
        logit_jacobian(model, torch.randn(3, 2, 3))
    assert logit_jacobian(model.eval(), torch.randn(3, 2, 3)).shape == (3, 2, 14)
