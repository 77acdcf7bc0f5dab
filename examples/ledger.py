"""The ledger attached to a plain PyTorch loop: two networks learn the digits from their labels and each other."""

import torch

from convergence import MutualLoss
from convergence.estimators import Ledger, sandwich
from simulations.networks.data import digits
from simulations.networks.models import mlp

torch.manual_seed(0)
torch.set_num_threads(1)  # so small a network only waits for more
x, y = digits().train_inputs, digits().train_labels
models = [mlp(64, 10).double() for _ in range(2)]
optimizer = torch.optim.SGD([p for model in models for p in model.parameters()], lr=0.1)
mutual_loss = MutualLoss(alpha=1.5, beta=1.0)
with Ledger(models, [optimizer], batches=[(x, y)], alpha=1.5, beta=1.0, every=10) as ledger:
    for rows in torch.randint(len(y), (200, 64)):
        optimizer.zero_grad()
        mutual_loss(torch.stack([model(x[rows]) for model in models]), y[rows]).losses.sum().backward()
        optimizer.step()
        ledger.step((x[rows], y[rows]))

entries = [entry for entry in ledger.entries if entry.learner == 0]
bounds = sandwich(entries)
print(f"closes to {max(entry.closure_error for entry in entries):.0e} at {len(entries)} steps")
print(f"√mean‖∇F‖² = {bounds.root_mean_square_gradient:.4f} lies in [{bounds.lower:.4f}, {bounds.upper:.4f}]")
