"""Behind momentum moves a virtual iterate that takes plain steps, so that the ledger holds there."""

import torch
from torch import Tensor

from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.trajectories import PLANE, STEPS, disturbances, recorded, wave
from convergence.claims.stationarity.ledger import CLAIM as LEDGER
from convergence.claims.stationarity.pathwise import CLAIM as PATHWISE


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    """`STEPS` steps of PyTorch's SGD with momentum, and the ledger of its virtual iterate."""
    function, step_size = wave(coordinates), coordinates.log_uniform(1e-2, 1)
    momentum = coordinates.uniform(0, 0.99)
    nesterov = coordinates.index(2).to(momentum.dtype)
    bias, noise = disturbances(coordinates)
    eta, gamma = step_size.unsqueeze(1), momentum.unsqueeze(1)
    x = 3 * coordinates.take(PLANE)
    buffer = torch.zeros_like(x)
    iterates, buffers, estimates, biases = [x], [buffer], [], []
    for t in range(STEPS):
        gradient = function.gradient(x.unsqueeze(1)).squeeze(1)
        biases.append(gradient + bias[:, t])
        estimates.append(biases[-1] + noise[:, t])
        buffer = gamma * buffer + estimates[-1]
        look_ahead = nesterov.unsqueeze(1) == 1
        x = x - eta * torch.where(look_ahead, estimates[-1] + gamma * buffer, buffer)
        iterates.append(x)
        buffers.append(buffer)
    path, velocity = torch.stack(iterates, 1), torch.stack(buffers, 1)
    estimate = torch.stack(estimates, 1)
    virtual = _virtual(path, velocity, step_size, momentum, nesterov)
    # At the virtual iterate the bias is b + ∇F(x) − ∇F(x̃): the mean of g less the gradient there.
    at_virtual = torch.stack(biases, 1) - function.gradient(virtual[:, :-1])
    ledger = recorded(function, virtual, step_size / (1 - momentum), at_virtual, estimate)
    return ledger | {
        "iterates": path,
        "buffers": velocity,
        "gradient_estimates": estimate,
        "momentum": momentum,
        "nesterov": nesterov,
    }


def _virtual(path: Tensor, velocity: Tensor, step_size: Tensor, momentum: Tensor, power: Tensor) -> Tensor:
    """`x − ηγ^{1+power}/(1−γ)·u`: power 0 for heavy ball, 1 for Nesterov."""
    shift = step_size * momentum ** (1 + power) / (1 - momentum)
    return path - shift.reshape(-1, 1, 1) * velocity


def _step(
    iterates: Tensor,
    buffers: Tensor,
    gradient_estimates: Tensor,
    step_size: Tensor,
    momentum: Tensor,
    power: Tensor,
) -> Sides:
    """`step_size` is the effective `η/(1−γ)`, as everywhere in the ledger."""
    virtual = _virtual(iterates, buffers, step_size * (1 - momentum), momentum, power)
    step = -step_size.reshape(-1, 1, 1) * gradient_estimates
    size = virtual.abs().flatten(1).amax(1) + step.abs().flatten(1).amax(1)
    left, right = virtual[:, 1:].flatten(1), (virtual[:, :-1] + step).flatten(1)
    return Sides(left, right, scale=size.unsqueeze(1).expand_as(left))


def _plain_step(
    iterates: Tensor,
    buffers: Tensor,
    gradient_estimates: Tensor,
    step_size: Tensor,
    momentum: Tensor,
    nesterov: Tensor,
) -> Sides:
    return _step(iterates, buffers, gradient_estimates, step_size, momentum, nesterov)


def _always_heavy_ball(
    iterates: Tensor, buffers: Tensor, gradient_estimates: Tensor, step_size: Tensor, momentum: Tensor
) -> Sides:
    return _step(iterates, buffers, gradient_estimates, step_size, momentum, torch.zeros_like(momentum))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="momentum-iterate",
    assertions=(
        Assertion(
            r"\tilde x_{t+1} = \tilde x_t - \frac{\eta}{1-\gamma} g_t,\ \tilde x = x - \kappa u"
            r",\ \kappa = \frac{\eta\gamma}{1-\gamma} \text{ (heavy ball)},"
            r"\ \frac{\eta\gamma^2}{1-\gamma} \text{ (Nesterov)}",
            "==",
            _plain_step,
        ),
        LEDGER.assertions[0],
        PATHWISE.assertions[0],
    ),
    assumptions=(
        "PyTorch's SGD: constant η and γ, dampening 0",
        "ledger and sandwich at x̃, with step size η/(1−γ) and bias b + ∇F(x) − ∇F(x̃)",
    ),
    source="classical for heavy ball; for Nesterov's form ours",
    instances=INSTANCES,
    depends_on=("ledger", "pathwise"),
    false_neighbour=Assertion(
        r"\tilde x_{t+1} = \tilde x_t - \frac{\eta}{1-\gamma} g_t"
        r" \text{ with } \kappa = \frac{\eta\gamma}{1-\gamma} \text{ for Nesterov too}",
        "==",
        _always_heavy_ball,
    ),
)
