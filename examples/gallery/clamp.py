"""What does a clamp at 1e-8 do at a logit gap of 19?

Implementations of mutual learning often compute softmax, clamp the probabilities at 1e-8 so that no logarithm is
infinite, and let autograd do the rest. Two classes, order 2; the target is sure of the class that the learner's
logits put `gap` below the other. The gradient in that logit is what should pull the learner back.

Figure: divergence and its gradient over the logit gap; the clamped form follows this package up to a gap of 18.4,
then its value is flat and its gradient zero.
"""

import torch
from matplotlib.figure import Figure

from convergence import renyi_divergence

ALPHA = 2.0


def clamped(target, own):
    p, q = (torch.softmax(logits, -1).clamp(min=1e-8) for logits in (target, own))
    return (p**ALPHA * q ** (1 - ALPHA)).sum(-1).log() / (ALPHA - 1)


def value_and_gradient(function, gaps):
    own = torch.stack((-gaps, torch.zeros_like(gaps)), -1).requires_grad_()
    target = torch.tensor([20.0, 0.0], dtype=gaps.dtype).expand_as(own)
    value = function(target, own)
    (gradient,) = torch.autograd.grad(value.sum(), own)
    return value.detach(), gradient[:, 0].abs()


gaps = torch.linspace(0, 30, 301)
forms = {
    "softmax, clamp at 1e-8, power, log": clamped,
    "convergence.renyi_divergence": lambda p, q: renyi_divergence(p, q, alpha=ALPHA),
}
found = {name: value_and_gradient(function, gaps) for name, function in forms.items()}
at = int((gaps - 19).abs().argmin())
for name, (value, gradient) in found.items():
    print(f"gap 19, {name}: divergence {value[at]:.3f}, gradient {gradient[at]:.3f}")

figure = Figure(figsize=(8.6, 3.8), layout="constrained")
panels = figure.subplots(1, 2)
for axes, part, title in zip(panels, (0, 1), ("divergence (nats)", "size of its gradient"), strict=True):
    for (name, parts), style, colour in zip(found.items(), ("-", "--"), ("#D55E00", "#0072B2"), strict=True):
        axes.plot(gaps, parts[part], style, color=colour, label=name, linewidth=2)
    axes.axvline(19, color="black", linewidth=0.8, linestyle=":")
    axes.set(xlabel="logit gap (nats)", ylabel=title)
panels[0].legend(loc="upper left", fontsize="small")
figure.savefig("clamp.svg")

dead, alive = (gradient[at] for _, gradient in found.values())
print(
    f"Answer: at gap 19 the clamped gradient is {dead:.0e} where the true one is {alive:.3f}: "
    "the learner that is most wrong is no longer taught."
)
