"""Does order ½ really have a potential?

Two learners of two classes, each with a soft label of its own. The parameters are the log-odds u₁ and u₂, so that the
whole flow of RDML can be drawn in a plane. A flow that descends one joint function Φ has no curl, and does no
work along a closed loop. The theory (`potential-half`, `curl`) says that this is so at order ½, and at no other
positive order.

Figure: the flow of two learners in the plane of their log-odds at orders ½ and 2, with the curl in colour: zero
everywhere at order ½, positive and negative lobes at order 2.
"""

import torch
from matplotlib.figure import Figure

from convergence import escort

BETA, LABELS = 2.0, torch.tensor([0.8, 0.3], dtype=torch.float64)


def force(u, alpha):
    """−(∇F_k + bias) of both learners at log-odds u (..., 2); logits are (u, 0)."""
    logits = torch.stack((u, torch.zeros_like(u)), -1)
    own = torch.sigmoid(u)
    mixture = torch.stack(
        [escort(logits[..., j, :], logits[..., 1 - j, :], alpha=alpha)[..., 0] for j in (1, 0)], -1
    )
    return -(own - LABELS) - BETA * (own - mixture)


def curl(u, alpha, h=1e-4):
    e1, e2 = torch.tensor([h, 0.0]), torch.tensor([0.0, h])
    across = force(u + e1, alpha)[..., 1] - force(u - e1, alpha)[..., 1]
    return (across - (force(u + e2, alpha)[..., 0] - force(u - e2, alpha)[..., 0])) / (2 * h)


angle = torch.linspace(0, 2 * torch.pi, 2001, dtype=torch.float64)
loop = torch.stack((1.4 * angle.cos() + 2, 1.4 * angle.sin()), -1)
middle, pieces = (loop[1:] + loop[:-1]) / 2, loop.diff(dim=0)
work = {alpha: float((force(middle, alpha) * pieces).sum()) for alpha in (0.0, 0.25, 0.5, 1.0, 2.0)}
for alpha, value in work.items():
    print(f"order {alpha:4.2f}: work along a closed loop {value:+.2e}")

axis = torch.linspace(-4, 4, 81, dtype=torch.float64)
grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)
figure = Figure(figsize=(8.6, 4.4), layout="constrained")
panels = figure.subplots(1, 2, sharey=True)
for axes, alpha in zip(panels, (0.5, 2.0), strict=True):
    picture = axes.pcolormesh(axis, axis, curl(grid, alpha), cmap="RdBu", vmin=-1, vmax=1, rasterized=True)
    axes.streamplot(
        axis.numpy(), axis.numpy(), *force(grid, alpha).unbind(-1), color="black", linewidth=0.6, density=0.9
    )
    axes.plot(*loop.T, "--", color="#009E73", label="the loop")
    axes.set(
        title=f"α = {alpha:g}: greatest |curl| {curl(grid, alpha).abs().max():.2g}",
        xlabel="log-odds of learner 1 (nats)",
    )
panels[0].set_ylabel("log-odds of learner 2 (nats)")
panels[1].legend(loc="lower right")
figure.colorbar(picture, ax=panels, label="curl of the flow (no unit)")
figure.savefig("potential.svg")

still = [alpha for alpha, value in work.items() if abs(value) < 1e-6]
named = " and ".join(f"{a:g}" for a in still)
least = min(abs(value) for alpha, value in work.items() if alpha not in still)
print(
    f"Answer: work along the loop vanishes at orders {named}; at every other order tried it is at least {least:.2f}."
)
