"""What holds the gradient up on digits: noise or bias?

Two perceptrons learn handwritten digits from batches of 16 and from each other (α = 1.5, β = 1). The ledger splits
every learner's stochastic gradient into the gradient ∇F of its own loss on all samples, the bias b that its peer adds,
and the noise n of the batch, each measured by a pass of its own.

Figure: mean squares of the gradient, of the bias and of the noise over training steps, logarithmic; the noise
lies above the other two from the first steps on.
"""

import math

import torch

from convergence import MutualLoss
from convergence.estimators import Ledger, sandwich
from simulations.networks.data import digits
from simulations.plots.style import new_figure, series

torch.manual_seed(0)
torch.set_num_threads(1)
inputs, labels = digits().train_inputs.flatten(1), digits().train_labels
models = [
    torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)).double()
    for _ in range(2)
]
optimizers = [torch.optim.SGD(model.parameters(), lr=0.05) for model in models]
mutual_loss = MutualLoss(alpha=1.5, beta=1.0)

with Ledger(models, optimizers, batches=[(inputs, labels)], alpha=1.5, beta=1.0, every=20) as ledger:
    for _ in range(2000):
        rows = torch.randint(len(labels), (16,))
        losses, _ = mutual_loss(torch.stack([model(inputs[rows]) for model in models]), labels[rows])
        for optimizer in optimizers:
            optimizer.zero_grad()
        losses.sum().backward()
        for optimizer in optimizers:
            optimizer.step()
        ledger.step((inputs[rows], labels[rows]))

mine = [entry for entry in ledger.entries if entry.learner == 0]
parts = {
    "gradient ∇F": "gradient_norm_squared",
    "bias b": "bias_norm_squared",
    "noise n": "noise_norm_squared",
}
figure, axes = new_figure()
last = mine[len(mine) // 2 :]
mean = {}
for (name, field), (colour, marker) in zip(parts.items(), series(3), strict=True):
    values = [getattr(entry, field) for entry in mine]
    axes.semilogy(
        [e.step for e in mine], values, color=colour, marker=marker, markersize=3, linewidth=0.8, label=name
    )
    mean[name] = sum(values[len(mine) // 2 :]) / len(last)
    print(f"{name:>12}: mean square over the second half {mean[name]:.2e}")
axes.set(xlabel="training step", ylabel="squared norm", ylim=(1e-4, None))
axes.set_title("Learner 1 of 2, digits, α = 1.5, β = 1, batches of 16")
axes.legend(loc="lower left", ncols=3)
figure.savefig("noise_and_bias_on_digits.svg")
held = sandwich(last)
print(f"√mean‖∇F‖² = {held.root_mean_square_gradient:.4f} in [{held.lower:.4f}, {held.upper:.4f}]; "
      f"closure {max(entry.closure_error for entry in mine):.0e}")  # fmt: skip
noise, bias = mean["noise n"] / mean["bias b"], math.sqrt(mean["bias b"] / mean["gradient ∇F"])
print(f"Answer: noise. In the second half its mean square is {noise:.0f} times that of the bias, and the "
      f"bias is {bias:.2f} times as long as the gradient.")  # fmt: skip
