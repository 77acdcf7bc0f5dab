"""First and second derivatives, and the transforms and tracers that take them."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import pytest
import torch
from torch import Tensor
from torch.func import grad, hessian, jacfwd, jacrev, vmap

from convergence.divergence import renyi_divergence, renyi_hvp

ORDERS = [0.0, 1e-6, 0.1, 0.5, 0.9, 1 - 1e-7, 1.0, 1 + 1e-7, 1.1, 2.0, 5.0, 20.0, math.inf]


def rows(dtype: torch.dtype = torch.float64, scale: float = 2.0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    target, own = scale * torch.randn(2, 4, 5, generator=generator, dtype=torch.float64).to(dtype)
    return target, own


@pytest.mark.parametrize("alpha", ORDERS)
@pytest.mark.parametrize("masked", [False, True])
def test_against_finite_differences(alpha: float, masked: bool) -> None:
    target, own = (x[:2] for x in rows())
    order = torch.full((2,), alpha, dtype=torch.float64, requires_grad=1e-3 < alpha < math.inf)
    keep = torch.ones(5, dtype=torch.bool)
    keep[1] = not masked
    free_target, free_own = target[:, keep].requires_grad_(), own.requires_grad_()

    def divergence(free_target: Tensor, free_own: Tensor, order: Tensor) -> Tensor:
        target = torch.full_like(free_own, -math.inf).masked_scatter(keep, free_target)
        return renyi_divergence(target, free_own, alpha=order)

    assert torch.autograd.gradcheck(divergence, (free_target, free_own, order))
    assert torch.autograd.gradgradcheck(divergence, (free_target, free_own, order))


@pytest.mark.parametrize("alpha", [0.3, 1.0, 2.0])
def test_second_derivatives_against_automatic_differentiation(alpha: float) -> None:
    target, own = rows()
    p, q = target[0].log_softmax(-1), own[0]

    def plain(target: Tensor, own: Tensor) -> Tensor:
        log_p, log_q = target.log_softmax(-1), own.log_softmax(-1)
        if alpha == 1:
            return (log_p.exp() * (log_p - log_q)).sum()
        return torch.logsumexp(alpha * log_p + (1 - alpha) * log_q, -1) / (alpha - 1)

    ours = torch.autograd.functional.hessian(lambda t, o: renyi_divergence(t, o, alpha=alpha), (p, q))
    expected = torch.autograd.functional.hessian(plain, (p, q))
    for a, b in zip(ours, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("alpha", ORDERS)
def test_hvp_is_the_hessian_times_a_vector(alpha: float) -> None:
    target, own = rows()
    vector = torch.linspace(-1, 2, 5, dtype=torch.float64).expand(4, 5)
    dense = vmap(hessian(lambda o, t: renyi_divergence(t, o, alpha=alpha)))(own, target)
    expected = torch.einsum("bij,bj->bi", dense, vector)
    torch.testing.assert_close(renyi_hvp(target, own, vector, alpha=alpha), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("near", [1e-12, 1e-7, 1e-4])
def test_the_order_one_is_a_point_like_any_other(near: float) -> None:
    def derivatives(alpha: float) -> list[Tensor]:
        target, own = (x.requires_grad_() for x in rows())
        order = torch.tensor(alpha, dtype=torch.float64, requires_grad=True)
        first = torch.autograd.grad(
            renyi_divergence(target, own, alpha=order).sum(), (target, own, order), create_graph=True
        )
        mixed = sum((part * (index + 1) * part.detach()).sum() for index, part in enumerate(first))
        return [*first, *torch.autograd.grad(mixed, (target, own, order))]

    for at, beside in zip(derivatives(1.0), derivatives(1.0 + near), strict=True):
        torch.testing.assert_close(beside, at, rtol=300 * near + 1e-13, atol=300 * near + 1e-13)


def test_a_trained_order_finds_its_minimum() -> None:
    target, own = rows()
    alpha = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    wanted = renyi_divergence(target, own, alpha=0.7).mean()
    optimiser = torch.optim.LBFGS(
        [alpha], tolerance_grad=1e-14, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = (renyi_divergence(target, own, alpha=alpha).mean() - wanted).square()
        loss.backward()
        return loss

    optimiser.step(closure)
    assert alpha.item() == pytest.approx(0.7, rel=1e-6)


def test_third_derivatives_are_refused() -> None:
    target, own = rows()
    own.requires_grad_()
    (first,) = torch.autograd.grad(renyi_divergence(target, own, alpha=2.0).sum(), own, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), own, create_graph=True)
    with pytest.raises(RuntimeError, match="third"):
        second.sum().backward()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_function_transforms(dtype: torch.dtype) -> None:
    target, own = rows(dtype)

    def divergence(target: Tensor, own: Tensor) -> Tensor:
        return renyi_divergence(target, own, alpha=1.5)

    leaf = own.clone().requires_grad_()
    divergence(target, leaf).sum().backward()
    expected = leaf.grad
    close = {"rtol": 1e-5, "atol": 1e-6}
    torch.testing.assert_close(vmap(divergence)(target, own), divergence(target, own))
    torch.testing.assert_close(
        vmap(divergence, (None, 1))(target, own[:, None].expand(4, 3, 5)),
        divergence(target, own).expand(3, 4),
    )
    torch.testing.assert_close(vmap(grad(divergence, 1))(target, own), expected, **close)
    torch.testing.assert_close(grad(lambda o: vmap(divergence)(target, o).sum())(own), expected, **close)
    torch.testing.assert_close(jacfwd(divergence, 1)(target[0], own[0]), expected[0], **close)
    dense = torch.autograd.functional.hessian(lambda o: divergence(target[0], o), own[0])
    torch.testing.assert_close(hessian(divergence, 1)(target[0], own[0]), dense, **close)
    torch.testing.assert_close(jacrev(jacrev(divergence, 1), 1)(target[0], own[0]), dense, **close)
    orders = torch.tensor([0.5, 1.5])
    by_order = vmap(lambda alpha: renyi_divergence(target, own, alpha=alpha))(orders)
    torch.testing.assert_close(by_order[1], divergence(target, own))


@pytest.mark.parametrize(
    ("dtype", "backend"),
    [
        (torch.float32, "aot_eager"),
        pytest.param(torch.float64, "aot_eager", marks=pytest.mark.slow),
        pytest.param(torch.float32, "inductor", marks=pytest.mark.slow),
    ],
)
def test_compiled(dtype: torch.dtype, backend: str) -> None:
    target, own = rows(dtype)

    def divergence(target: Tensor, own: Tensor) -> Tensor:
        return renyi_divergence(target, own, alpha=1.5)

    gradients = []
    for function in (divergence, torch.compile(divergence, fullgraph=True, backend=backend)):
        leaf = own.clone().requires_grad_()
        value = function(target, leaf)
        value.sum().backward()
        gradients.append((value.detach(), leaf.grad))
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("alpha", [1e-12, 1e-6, 0.1, 0.499, 0.501, 0.9, 1.0, 2.0, 100.0])
@pytest.mark.parametrize("apart", [1e-12, 1e-3, 1.0, 10.0])
def test_a_hessian_product_of_a_small_order_keeps_its_digits(alpha: float, apart: float) -> None:
    own, noise, vector = torch.randn(3, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    target = own + apart * noise
    with mpmath.workdps(60):
        z, t, v = ([mpmath.mpf(x) for x in row.tolist()] for row in (own, target, vector))

        def product(logits: list[Any]) -> list[Any]:
            weights = [mpmath.exp(x) for x in logits]
            total = mpmath.fsum(weights)
            mean = mpmath.fsum(w * x for w, x in zip(weights, v, strict=True)) / total
            return [w / total * (x - mean) for w, x in zip(weights, v, strict=True)]

        order = mpmath.mpf(alpha)
        tilted = product([order * a + (1 - order) * b for a, b in zip(t, z, strict=True)])
        expected = [a - (1 - order) * b for a, b in zip(product(z), tilted, strict=True)]
        exact = torch.tensor([float(x) for x in expected], dtype=torch.float64)
    found = renyi_hvp(target, own, vector, alpha=alpha)
    assert (found - exact).abs().max() <= 2e-14 * exact.abs().max()


def test_autocast_changes_nothing() -> None:
    target, own = rows(torch.bfloat16)
    plain = renyi_divergence(target, own, alpha=1.5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = renyi_divergence(target, own, alpha=1.5)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, plain)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["accurate", "fast"])
def test_cuda(precision: str) -> None:
    results = []
    for device in ("cpu", "cuda"):
        target, own = (x.to(device).requires_grad_() for x in rows(torch.float32))
        value = renyi_divergence(target, own, alpha=1.5, precision=precision)
        value.sum().backward()
        results.append([x.cpu() for x in (value.detach(), target.grad, own.grad)])
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-6)
