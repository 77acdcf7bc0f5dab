"""The row kernels on whole batches: where they apply, what is left to `Pair`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from convergence.divergence.inputs import scaled_logits
from convergence.divergence.stable import Pair
from convergence.divergence.threads import in_threads


def on_rows(logits: Tensor) -> bool:
    """Whether the kernels of `rows` take such logits: float32 on the CPU."""
    return logits.device.type == "cpu" and logits.dtype == torch.float32


def is_mapped() -> bool:
    """Whether a torch.func transform is at work."""
    return torch._C._are_functorch_transforms_active()


def is_plain() -> bool:
    """Whether tensors hold numbers here: no torch.func transform, no tracing by torch.compile."""
    return not (is_mapped() or torch.compiler.is_compiling())


@torch.library.custom_op("renyi_dml::rows", mutates_args=())
def rows(target: Tensor, own: Tensor, alpha: Tensor, with_gradient: bool) -> tuple[Tensor, Tensor]:
    """`D (..., 1)` and `∂D/∂own (..., C)`, or an empty tensor in its place.

    The logits are float32, alpha is float64 `(..., 1)`.
    """
    from convergence.divergence.rows import pair_rows

    batch, classes = own.shape[:-1], own.shape[-1]
    target, own = target.reshape(-1, classes).contiguous(), own.reshape(-1, classes).contiguous()
    alpha = alpha.reshape(-1).contiguous()
    divergence = torch.empty(len(own), dtype=torch.float64)
    gradient = torch.empty_like(own) if with_gradient else own.new_empty(len(own), 0)
    arrays = tuple(x.detach().numpy() for x in (target, own, alpha, divergence, gradient))
    in_threads(pair_rows, arrays, rows=len(own), work=own.numel())
    left = divergence.isnan().nonzero().squeeze(-1)
    if len(left):
        pair = Pair(target[left].double(), own[left].double(), alpha[left, None])
        divergence[left] = pair.divergence.squeeze(-1)
        if with_gradient:
            gradient[left] = pair.gradient_own.float()
    return divergence.float().reshape(*batch, 1), gradient.reshape(*batch, gradient.shape[-1])


@rows.register_fake
def _(target: Tensor, own: Tensor, alpha: Tensor, with_gradient: bool) -> tuple[Tensor, Tensor]:
    batch, classes = own.shape[:-1], own.shape[-1] if with_gradient else 0
    return own.new_empty(*batch, 1), own.new_empty(*batch, classes)


def cohort(
    logits: Tensor, temperature: float, alpha: Tensor, weights: Tensor, with_gradient: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Losses `(K,)`, mean `D(p_j‖p_k)` `(K, K)`, and the gradient of the losses `(K, B, C)`, or an empty tensor.

    The logits are float32 `(K, B, C)`, alpha is float64 `(B,)`, weights are `(K, K)`: the losses are the sums of
    weights times disagreements. The temperature divides differences of logits, so that no
    quotient is rounded to float32.
    """
    from convergence.divergence.rows import cohort_rows, summary

    learners, batch, classes = logits.shape
    logits, alpha = logits.detach().contiguous(), alpha.contiguous()
    gradient = torch.empty_like(logits) if with_gradient else logits.new_empty(learners, batch, 0)
    divergence = np.zeros((learners, learners, batch))
    shares = weights.numpy().astype(np.float64)
    pulls = shares / (max(batch, 1) * temperature)
    arrays = (logits.numpy(), 1 / temperature, alpha.numpy(), pulls, divergence, gradient.numpy())
    in_threads(cohort_rows, arrays, rows=batch, work=learners * (learners - 1) * batch * classes)
    losses, disagreement, complete = summary(divergence, shares)
    if not complete:
        left = np.isnan(divergence)
        k, j, row = map(torch.from_numpy, left.nonzero())
        target, own = (scaled_logits(logits[of, row], temperature, "accurate").double() for of in (j, k))
        pair = Pair(target, own, alpha[row, None])
        divergence[left] = pair.divergence.squeeze(-1).numpy()
        losses, disagreement, _ = summary(divergence, shares)
        if with_gradient:
            change = (weights[k, j, None] / (batch * temperature) * pair.gradient_own).float()
            gradient.index_put_((k, row), change, accumulate=True)
    return torch.from_numpy(losses), torch.from_numpy(disagreement), gradient


traced_cohort = torch.library.custom_op("renyi_dml::cohort", cohort, mutates_args=())
"""The same as one node of the graphs of torch.compile, which would take minutes to compile what is in it."""


@traced_cohort.register_fake
def _(
    logits: Tensor, temperature: float, alpha: Tensor, weights: Tensor, with_gradient: bool
) -> tuple[Tensor, Tensor, Tensor]:
    learners, batch, classes = logits.shape
    gradient = logits.new_empty(learners, batch, classes if with_gradient else 0)
    return logits.new_empty(learners), logits.new_empty(learners, learners), gradient
