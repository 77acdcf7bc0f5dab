"""The loss of Rényi-divergence deep mutual learning, for existing training loops."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from convergence.divergence.autograd import Precision
from convergence.divergence.cohort import cohort_divergence, fused, supervised_losses
from convergence.divergence.inputs import (
    CPU,
    Orders,
    check_cohort,
    check_mutual,
    check_weights,
    cohort_weights,
    is_number,
    order_of,
    orders_of,
)
from convergence.divergence.triton_cohort import takes


class MutualLosses(NamedTuple):
    """Losses `(K,)` of the learners, and the constant `disagreement[k, j] = mean D(p_j‖p_k)` `(K, K)`."""

    losses: Tensor
    disagreement: Tensor


class MutualLoss(nn.Module):
    r"""Cross-entropy plus `τ²β Σ_{j≠k} w_kj · mean D_α(p_j‖p_k)` for every learner k, its peers detached.

    `p_k = softmax(logits[k]/τ)`; the cross-entropy is of the logits themselves. The factor τ² keeps the
    mutual gradients of the size they have at τ = 1, as in distillation (Hinton et al. 2015).

    Args:
        alpha: order in [0, ∞], one or one per ordered pair; an `nn.Parameter` is trained with the loss, which is
            NaN once a step has taken it below 0: clamp it, or train its logarithm, with the loss made anew in each step
            (`MutualLoss(log_order.exp())`), as `exp` belongs to the graph of one backward pass.
        beta: weight of the mutual part, in [0, ∞).
        temperature: τ, in (0, 10⁹].
        weights: constants `(K, K)`, 1/(K−1) by default, see `cohort_divergence`.
        label_smoothing: of the cross-entropy alone, in [0, 1].
        precision: as in `renyi_divergence`.

    Raises:
        TypeError, ValueError: an argument of another type, shape or range; what depends on the logits is refused with
            them.
    """

    def __init__(
        self,
        alpha: float | Tensor | Orders,
        beta: float = 1.0,
        temperature: float = 1.0,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        precision: Precision = "accurate",
    ) -> None:
        super().__init__()
        check_mutual(beta, temperature, precision)
        check_weights(weights)
        if not is_number(label_smoothing):
            raise TypeError(f"label_smoothing must be a number, got {type(label_smoothing).__name__}")
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"label_smoothing={label_smoothing} is outside [0, 1]")
        if isinstance(alpha, tuple):
            orders_of(alpha, len(alpha))
        else:
            order_of(alpha, CPU if not isinstance(alpha, Tensor) else alpha.device)
        self.alpha = alpha
        self.beta = beta
        self.temperature = temperature
        self.register_buffer("weights", weights)
        self.label_smoothing = label_smoothing
        self.precision: Precision = precision

    def forward(self, logits: Tensor, labels: Tensor) -> MutualLosses:
        """Losses and disagreements of logits `(K, B, C)` on labels `(B,)`.

        `losses.sum().backward()` gives every learner the gradient of its own loss. A sample of label −100 is left out
        of the cross-entropy, as in PyTorch, but not of the mutual part, which needs no label.
        """
        weights = self.get_buffer("weights")
        check_cohort(logits, self.beta, weights, self.temperature, self.precision)
        if not isinstance(labels, Tensor):
            raise TypeError(f"labels must be a tensor of classes, got {type(labels).__name__}")
        if labels.shape != logits.shape[1:2]:
            raise ValueError(
                f"labels has shape {tuple(labels.shape)}; logits {tuple(logits.shape)} need (B,)"
            )
        if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
            raise TypeError(f"labels has dtype {labels.dtype}; classes are integers")
        if labels.device != logits.device:
            raise ValueError(
                f"labels is on {labels.device}, logits on {logits.device}; the devices must agree"
            )
        scale, labels = self.temperature**2, labels.long()
        if self.label_smoothing == 0 and takes(logits, self.alpha, self.precision):
            shares = scale * cohort_weights(weights, self.beta, logits)
            return MutualLosses(*fused(logits, labels, self.alpha, shares, self.temperature))
        mutual, disagreement = cohort_divergence(
            logits,
            alpha=self.alpha,
            beta=self.beta,
            weights=weights,
            temperature=self.temperature,
            precision=self.precision,
        )
        supervised = supervised_losses(logits, labels, self.label_smoothing)
        return MutualLosses(supervised + scale * mutual, disagreement)

    def extra_repr(self) -> str:
        """Order, weight and temperature."""
        return f"alpha={self.alpha}, beta={self.beta}, temperature={self.temperature}"
