"""Where the gradient that remains comes from: an identity on any run of SGD, with nothing unknown in it."""

from torch import Tensor

from convergence.bounds import pathwise as pathwise_bounds
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Sampler
from convergence.claims.samplers.trajectories import paths


def _sides(
    objective: Tensor,
    step_size: Tensor,
    gradient_norm_squared: Tensor,
    gradient_dot_bias: Tensor,
    gradient_dot_noise: Tensor,
    directional_smoothness: Tensor,
    gradient_estimate_norm_squared: Tensor,
) -> Sides:
    eta = step_size.unsqueeze(1)
    terms = {
        "descent": -objective.diff(dim=1) / eta,
        "gradient_dot_bias": gradient_dot_bias,
        "gradient_dot_noise": gradient_dot_noise,
        "curvature": eta / 2 * directional_smoothness * gradient_estimate_norm_squared,
    }
    left = gradient_norm_squared.sum(1)
    right = pathwise_bounds.ledger_sum(**{name: value.sum(1) for name, value in terms.items()})
    size = left + sum(value.abs().sum(1) for value in terms.values())
    return Sides(left, right, scale=size)


def _closes(
    objective: Tensor,
    step_size: Tensor,
    gradient_norm_squared: Tensor,
    gradient_dot_bias: Tensor,
    gradient_dot_noise: Tensor,
    directional_smoothness: Tensor,
    gradient_estimate_norm_squared: Tensor,
) -> Sides:
    return _sides(**locals())


def _unsplit(
    objective: Tensor,
    step_size: Tensor,
    gradient_norm_squared: Tensor,
    bias_norm_squared: Tensor,
    noise_norm_squared: Tensor,
    bias_dot_noise: Tensor,
    directional_smoothness: Tensor,
    gradient_estimate_norm_squared: Tensor,
) -> Sides:
    eta = step_size.unsqueeze(1)
    descent = -2 * objective.diff(dim=1) / eta
    error = bias_norm_squared + noise_norm_squared + 2 * bias_dot_noise
    paid = (1 - eta * directional_smoothness) * gradient_estimate_norm_squared
    left = gradient_norm_squared.sum(1)
    size = left + (
        descent.abs()
        + bias_norm_squared
        + noise_norm_squared
        + (1 + eta * directional_smoothness.abs()) * gradient_estimate_norm_squared
    ).sum(1)
    return Sides(left, (descent + error - paid).sum(1), scale=size)


def _wrong_step_size(
    objective: Tensor,
    step_size: Tensor,
    gradient_norm_squared: Tensor,
    gradient_dot_bias: Tensor,
    gradient_dot_noise: Tensor,
    directional_smoothness: Tensor,
    gradient_estimate_norm_squared: Tensor,
) -> Sides:
    return _sides(**(locals() | {"step_size": 1.01 * step_size}))


INSTANCES = Sampler(paths)

CLAIM = Claim(
    id="ledger",
    assertions=(
        Assertion(
            r"\sum_t \|\nabla F_t\|^2 = \frac{F_0 - F_T}{\eta} - \sum_t \langle \nabla F_t, b_t \rangle"
            r" - \sum_t \langle \nabla F_t, n_t \rangle + \frac{\eta}{2} \sum_t L_t \|g_t\|^2",
            "==",
            _closes,
        ),
        Assertion(
            r"\sum_t \|\nabla F_t\|^2 = \frac{2 (F_0 - F_T)}{\eta} + \sum_t \|g_t - \nabla F_t\|^2"
            r" - \sum_t (1 - \eta L_t) \|g_t\|^2",
            "==",
            _unsplit,
        ),
    ),
    assumptions=(
        "x_{t+1} = x_t − ηg_t, g_t = ∇F_t + b_t + n_t",
        "L_t = 2[F_{t+1} − F_t − ⟨∇F_t, Δx_t⟩]/‖Δx_t‖²",
    ),
    source="ours: the descent lemma as an identity",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"\text{the same with } 1.01 \, \eta \text{ in place of } \eta", "==", _wrong_step_size
    ),
)
