"""The ledger attached to a plain PyTorch loop: two networks learn the digits from their labels and each other."""

import torch
from torch.nn.functional import cross_entropy

from convergence.divergence import renyi_divergence
from convergence.estimators import Ledger, sandwich
from simulations.networks.data import digits

torch.manual_seed(0)
torch.set_num_threads(1)  # so small a network only waits for more
x, y = digits().train_inputs.flatten(1), digits().train_labels
layers = lambda: (torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))  # noqa: E731
models = [torch.nn.Sequential(*layers()).double() for _ in range(2)]
optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for model in models]

with Ledger(models, optimizers, batches=[(x, y)], alpha=1.5, beta=1.0, every=10) as ledger:
    for _ in range(200):
        rows = torch.randint(len(y), (64,))
        one, other = (model(x[rows]) for model in models)
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = cross_entropy(one, y[rows]) + renyi_divergence(other.detach(), one, alpha=1.5).mean()
        loss += cross_entropy(other, y[rows]) + renyi_divergence(one.detach(), other, alpha=1.5).mean()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
        ledger.step((x[rows], y[rows]))

entries = [entry for entry in ledger.entries if entry.learner == 0]
bounds = sandwich(entries)
print(f"closes to {max(entry.closure_error for entry in entries):.0e} at {len(entries)} steps")
print(f"√mean‖∇F‖² = {bounds.root_mean_square_gradient:.4f} lies in [{bounds.lower:.4f}, {bounds.upper:.4f}]")
