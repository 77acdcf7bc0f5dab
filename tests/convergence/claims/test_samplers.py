"""Instances are what their claims assume: by brute force, by PyTorch's own optimiser and by counting."""

from __future__ import annotations

import itertools

import pytest
import torch

from convergence.claims import find
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import HORIZON, Oracle, descend, runs
from convergence.claims.samplers.landscapes import Landscape, landscape
from convergence.claims.samplers.pairs import ANY, DOMINATED, orders, pairs
from convergence.claims.samplers.radial import settle
from convergence.claims.samplers.trajectories import wave


def cube(count: int, dimension: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, dimension, generator=generator, dtype=torch.float64) * 2 - 1


def landscapes(count: int) -> tuple[Landscape, torch.Tensor]:
    smoothness = torch.full((count,), 2.0, dtype=torch.float64)
    return landscape(Coordinates(cube(count, 16)), smoothness), smoothness


def test_sampler_counts_its_coordinates_and_reads_each_once() -> None:
    sampler = Sampler(lambda c: {"a": c.take(2), "b": c.uniform(0, 1), "c": c.choice((3.0, 4.0))})
    points = cube(4, 4)
    assert sampler.dimension == 4
    instance = sampler(points)
    assert torch.equal(instance["a"], points[:, :2])
    assert torch.equal(instance["b"], (points[:, 2] + 1) / 2)
    assert set(instance["c"].tolist()) <= {3.0, 4.0}


def test_landscape_is_consistent_smooth_and_has_its_minimum() -> None:
    function, smoothness = landscapes(200)
    x = torch.linspace(-45, 45, 4001, dtype=torch.float64).repeat(200, 1).requires_grad_()
    value = function.objective(x)
    (slope,) = torch.autograd.grad(value.sum(), x)
    gradient = function.gradient(x.detach())
    torch.testing.assert_close(slope, gradient, rtol=1e-12, atol=1e-12)
    assert (gradient.diff(dim=1).abs() <= smoothness[:, None] * 90 / 4000 + 1e-12).all()
    on_grid = value.detach().amin(1)
    assert (function.minimum() <= on_grid + 1e-12).all()
    assert (on_grid - function.minimum() < 2 * (90 / 4000) ** 2).all()


def test_descent_takes_every_path_of_the_noise() -> None:
    function, _ = landscapes(1)
    one = torch.ones(1, dtype=torch.float64)
    oracle = Oracle(0.3 * one, 0.2 * one, 0.5 * one, 0.4 * one)
    shares = torch.tensor([[1.0, -0.5, 0.25, 1.0, -1.0]], dtype=torch.float64)
    steps = 0.2 * torch.ones(1, HORIZON, dtype=torch.float64)
    run = descend(function, 1.5 * one, steps, oracle, shares, shares.abs())
    squares = torch.zeros(HORIZON, dtype=torch.float64)
    for signs in itertools.product((-1, 1), repeat=HORIZON):
        x = 1.5 * one.unsqueeze(0)
        for t, sign in enumerate(signs):
            gradient = function.gradient(x)
            squares[t] += gradient.item() ** 2 / 2**HORIZON
            share = shares[0, t]
            bias = -share * gradient.sign() * (0.2 * gradient**2 + 0.09).sqrt()
            noise = sign * share.abs() * (0.4 * (gradient + bias) ** 2 + 0.5).sqrt()
            x = x - 0.2 * (gradient + bias + noise)
    torch.testing.assert_close(run.gradient_norm_squared[0], squares, rtol=1e-12, atol=1e-14)


def test_runs_respect_their_assumptions_and_reach_the_ends() -> None:
    sampler = Sampler(lambda c: runs(c, relative=True))
    instance = sampler(cube(2000, sampler.dimension))
    contraction = instance["step_size"] * instance["smoothness"] * (instance["noise_growth"] + 1)
    assert contraction.max() <= 1 + 1e-12
    assert (instance["initial_gap"] >= 0).all()
    assert (instance["final_gap"] >= -1e-9).all()
    assert instance["relative_bias"].max() < 1
    assert set(instance["steps"].tolist()) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert (instance["pl_constant"] < 0).any()  # nonconvex ones are among them


def test_radial_runs_are_two_dimensional_sgd() -> None:
    eta, curvature, zeta, sigma = 0.3, 1.2, 0.5, 0.8
    generator = torch.Generator().manual_seed(0)
    x = torch.tensor([2.0, 1.0], dtype=torch.float64)
    for _ in range(200):
        unit = x / x.norm()
        across = torch.stack((-unit[1], unit[0]))
        sign = 2 * torch.randint(2, (), generator=generator).item() - 1
        x = x - eta * (curvature * x - zeta * unit + sign * sigma * across)
    one = torch.ones(1, dtype=torch.float64)
    distance = settle(
        5**0.5 * one,
        step_size=eta * one,
        gradient=lambda r: curvature * r,
        bias=lambda _: -zeta,
        noise_variance=sigma**2 * one,
        noise_growth=0 * one,
    )
    assert distance.item() == pytest.approx(x.norm().item(), rel=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_is_that_of_pytorch(nesterov) -> None:
    claim = find("momentum-iterate")
    instance = claim.instances(cube(40, claim.instances.dimension))
    row = next(k for k in range(40) if bool(instance["nesterov"][k]) == nesterov)
    path, estimates = instance["iterates"][row], instance["gradient_estimates"][row]
    momentum = instance["momentum"][row].item()
    x = torch.nn.Parameter(path[0].clone())
    optimiser = torch.optim.SGD(
        [x], lr=instance["step_size"][row].item() * (1 - momentum), momentum=momentum, nesterov=nesterov
    )
    for t, estimate in enumerate(estimates):
        x.grad = estimate.clone()
        optimiser.step()
        torch.testing.assert_close(x.detach(), path[t + 1], rtol=1e-12, atol=1e-12)
        buffer = optimiser.state[x]["momentum_buffer"]
        torch.testing.assert_close(buffer, instance["buffers"][row, t + 1], rtol=1e-12, atol=1e-12)


def test_wave_gradient_is_its_derivative() -> None:
    function = wave(Coordinates(cube(20, 8)))
    x = cube(20, 6, seed=1).reshape(20, 3, 2).requires_grad_()
    (slope,) = torch.autograd.grad(function.objective(x).sum(), x)
    torch.testing.assert_close(slope, function.gradient(x.detach()), rtol=1e-12, atol=1e-12)


def test_pairs_and_orders_reach_the_extremes() -> None:
    sampler = Sampler(lambda c: {"alpha": orders(c), **dict(zip("pq", pairs(c, masks=ANY), strict=True))})
    instance = sampler(cube(5000, sampler.dimension))
    alpha, target, own = instance["alpha"], instance["p"], instance["q"]
    for atom in (0.0, 0.5, 1.0, 2.0, torch.inf):
        assert (alpha == atom).any()
    assert (((alpha - 1).abs() < 1e-6) & (alpha != 1)).any()
    assert ((alpha > 0) & (alpha < 1e-5)).any()
    unmasked = target.isfinite().all(1) & own.isfinite().all(1)
    ranges = target[unmasked].amax(1) - target[unmasked].amin(1)
    assert ranges.min() < 1e-5
    assert ranges.max() > 900
    assert ((target - own)[unmasked].abs().amax(1) < 1e-4).any()
    common = target.isfinite() & own.isfinite()
    assert (~common.any(1)).any()  # disjoint supports
    assert (target.isfinite().any(1) & own.isfinite().any(1)).all()


def test_dominated_pairs_are() -> None:
    sampler = Sampler(lambda c: dict(zip("pq", pairs(c, masks=DOMINATED), strict=True)))
    instance = sampler(cube(2000, sampler.dimension))
    assert not (instance["p"].isfinite() & instance["q"].isneginf()).any()
    assert instance["p"].isneginf().any()


@pytest.mark.parametrize(("low", "high"), [(1e-3, 0.999), (1.0, 20.0), (0.1, 0.2)])
def test_orders_stay_in_range(low, high) -> None:
    sampler = Sampler(lambda c: {"alpha": orders(c, atoms=(low, high), low=low, high=high)})
    alpha = sampler(cube(2000, sampler.dimension))["alpha"]
    assert alpha.min() >= low
    assert alpha.max() <= high
