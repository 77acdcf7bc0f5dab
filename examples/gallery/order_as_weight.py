"""Is the order just a weight, and where does it stop being one?

The own-gradient of `D_α(p‖q)` is `q − r_α`. Near agreement it is `α(q − p)`: the gradient of KL with weight α
(`order-as-weight` bounds the difference by `α|1−α|·osc(log p/q)²/(6√3)`). Here are random pairs of distributions of ten
classes whose logits differ by more and more; the figure shows by how much the two gradients differ, relative to
the first.

Figure: relative difference between the RDML gradient and α times the KL gradient over the oscillation of the
log-ratio, both axes logarithmic, for four orders; the median grows linearly and passes 10 % at an oscillation
between 0.3 and 1.3; orders ½ and 3/2 lie on each other.
"""

import numpy as np
import torch

from convergence import gradient_own
from convergence.bounds.gradient import order_as_weight_bound
from simulations.plots.style import COLOURS, new_figure

torch.manual_seed(0)
ORDERS, TOLERANCE = (0.25, 0.5, 1.5, 3.0), 0.1
base = torch.randn(500, 10, dtype=torch.float64)
direction = torch.randn(500, 10, dtype=torch.float64)
direction /= direction.amax(1, keepdim=True) - direction.amin(1, keepdim=True)  # oscillation 1
oscillations = torch.logspace(-2, 1.3, 34, dtype=torch.float64)

figure, axes = new_figure()
stops, worst = {}, 0.0
for alpha, colour in zip(ORDERS, COLOURS, strict=False):
    median, low, high = [], [], []
    for oscillation in oscillations:
        target = base + oscillation * direction
        renyi = gradient_own(target, base, alpha=alpha)
        weighted = alpha * gradient_own(target, base, alpha=1.0)
        difference = (renyi - weighted).abs().sum(1)
        bound = order_as_weight_bound(alpha=alpha, oscillation=oscillation)
        worst = max(worst, float((difference / bound).max()))
        relative = (difference / renyi.abs().sum(1)).quantile(torch.tensor([0.5, 0.05, 0.95]).double())
        for values, value in zip((median, low, high), relative.tolist(), strict=True):
            values.append(value)
    stops[alpha] = float(np.exp(np.interp(np.log(TOLERANCE), np.log(median), oscillations.log())))
    axes.fill_between(oscillations, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.loglog(oscillations, median, "--" if alpha == 1.5 else "-", color=colour, label=f"α = {alpha:g}")
    print(f"α = {alpha:4.2f}: median passes {TOLERANCE:.0%} at an oscillation of {stops[alpha]:.2f} nats")
print(f"largest share of the bound of `order-as-weight` seen: {worst:.3f}")
axes.axhline(TOLERANCE, color="black", linewidth=0.8, linestyle=":")
axes.set(
    xlabel="oscillation of log p/q (nats)",
    ylabel="‖(q−r_α) − α(q−p)‖₁ / ‖q−r_α‖₁",
    title="Median and 5–95 % of 500 pairs",
)
axes.legend()
figure.savefig("order_as_weight.svg")
print(
    f"Answer: the order is a weight, within 10 %, while log p/q varies by less than {min(stops.values()):.1f} to "
    f"{max(stops.values()):.1f} nats over the classes, depending on the order; beyond that it is not."
)
