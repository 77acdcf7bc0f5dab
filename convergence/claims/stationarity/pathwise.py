"""The pathwise sandwich: what a run says of its own mean squared gradient, valid on every run."""

import torch
from torch import Tensor

from convergence.bounds import pathwise as pathwise_bounds
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Sampler
from convergence.claims.samplers.trajectories import paths


def _means(
    objective: Tensor,
    step_size: Tensor,
    gradient_norm_squared: Tensor,
    bias_norm_squared: Tensor,
    noise_norm_squared: Tensor,
    gradient_dot_noise: Tensor,
    bias_dot_noise: Tensor,
    directional_smoothness: Tensor,
    gradient_estimate_norm_squared: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """`h`, `A²`, `ζ̂²`, `R̂` and the sum of the magnitudes that they round relative to."""
    weights = gradient_estimate_norm_squared / gradient_estimate_norm_squared.sum(1, keepdim=True)
    contraction = step_size * (weights.nan_to_num() * directional_smoothness).sum(1)
    parts = {
        "descent": -objective.diff(dim=1) / step_size.unsqueeze(1),
        "noise_norm_squared": noise_norm_squared,
        "gradient_dot_noise": gradient_dot_noise,
        "bias_dot_noise": bias_dot_noise,
    }
    remainder = pathwise_bounds.remainder(
        contraction=contraction, **{name: value.mean(1) for name, value in parts.items()}
    )
    gradient, bias = gradient_norm_squared.mean(1), bias_norm_squared.mean(1)
    magnitudes = gradient + bias + sum(value.abs().mean(1) for value in parts.values())
    return contraction, gradient, bias, remainder, (1 + contraction.abs()) * magnitudes


def _residual(
    objective: Tensor,
    step_size: Tensor,
    gradient_norm_squared: Tensor,
    bias_norm_squared: Tensor,
    noise_norm_squared: Tensor,
    gradient_dot_noise: Tensor,
    bias_dot_noise: Tensor,
    directional_smoothness: Tensor,
    gradient_estimate_norm_squared: Tensor,
) -> Sides:
    contraction, gradient, bias, remainder, size = _means(**locals())
    terms = {"contraction": contraction, "gradient_norm_squared": gradient, "bias_norm_squared": bias}
    residual = pathwise_bounds.residual(**terms, remainder=remainder)
    return Sides(residual.abs(), pathwise_bounds.slack(**terms), scale=size)


def _interval(
    objective: Tensor,
    step_size: Tensor,
    gradient_norm_squared: Tensor,
    bias_norm_squared: Tensor,
    noise_norm_squared: Tensor,
    gradient_dot_noise: Tensor,
    bias_dot_noise: Tensor,
    directional_smoothness: Tensor,
    gradient_estimate_norm_squared: Tensor,
) -> Sides:
    contraction, gradient, bias, remainder, size = _means(**locals())
    below = contraction < 2
    lower, upper = pathwise_bounds.sandwich(
        contraction=torch.where(below, contraction, 0), bias_norm_squared=bias, remainder=remainder
    )
    lower, upper = torch.where(below, lower, 0), torch.where(below, upper, torch.inf)
    root = gradient.sqrt()
    scale = size.sqrt() / (2 - contraction).clamp(min=1e-300, max=1)
    return Sides(
        torch.stack((lower, root), 1), torch.stack((root, upper), 1), scale=scale.unsqueeze(1).expand(-1, 2)
    )


def _plain_form(
    objective: Tensor,
    step_size: Tensor,
    gradient_norm_squared: Tensor,
    bias_norm_squared: Tensor,
    noise_norm_squared: Tensor,
    bias_dot_noise: Tensor,
) -> Sides:
    descent = 2 * (objective[:, 0] - objective[:, -1]) / (step_size * gradient_norm_squared.shape[1])
    error = (bias_norm_squared + noise_norm_squared + 2 * bias_dot_noise).mean(1)
    left = gradient_norm_squared.mean(1)
    return Sides(left, descent + error, scale=left + descent.abs() + error)


INSTANCES = Sampler(paths)

CLAIM = Claim(
    id="pathwise",
    assertions=(
        Assertion(
            r"|(1 - \frac{h}{2}) A^2 - \frac{h}{2} \hat\zeta^2 - \hat R| \le |1 - h| \hat\zeta A",
            "<=",
            _residual,
        ),
        Assertion(
            r"\frac{S - |1-h| \hat\zeta}{2 - h} \le A \le \frac{S + |1-h| \hat\zeta}{2 - h}"
            r",\ S = \sqrt{\hat\zeta^2 + 4 (1 - h/2) \hat R} \quad (h < 2)",
            "<=",
            _interval,
            tolerance=1e-7,  # a square root of a difference rounds to the root of the rounding
        ),
    ),
    assumptions=(
        "x_{t+1} = x_t − ηg_t, g_t = ∇F_t + b_t + n_t",
        "h = η ΣL_t‖g_t‖²/Σ‖g_t‖², L_t of the ledger",
        "A² and ζ̂² are the means of ‖∇F_t‖² and ‖b_t‖² over the T steps of one run",
        "R̂ = (F_0 − F_T)/(ηT) + the mean of (h/2)‖n_t‖² − (1−h)⟨∇F_t, n_t⟩ + h⟨b_t, n_t⟩",
    ),
    source="ours, from the ledger and Cauchy–Schwarz",
    instances=INSTANCES,
    depends_on=("ledger",),
    false_neighbour=Assertion(
        r"A^2 \le \frac{2 (F_0 - F_T)}{\eta T} + \frac{1}{T} \sum_t \|b_t + n_t\|^2 \text{ for every } \eta",
        "<=",
        _plain_form,
    ),
)
