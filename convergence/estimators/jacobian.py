r"""Jacobians `J = ∂z/∂θ` of the logits, one per sample, and the two sizes that the bounds speak of."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap


def refuse_batch_normalisation(model: nn.Module) -> None:
    """Raise `ValueError` if a module of the model is a batch normalisation of PyTorch's, lazy or not.

    With one a sample's logits depend on the rest of its batch. A call of `functional.batch_norm`, or another way
    in which rows mix, is not seen. An instance normalisation that trains with the sample's statistics and evaluates
    with running ones is refused as well: what is measured would not be what trains.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            raise ValueError(
                f"model has {type(module).__name__} at {name!r}: a sample's logits depend on its batch, "
                "so that per-sample quantities and the training objective are not defined; use GroupNorm"
            )
        running = isinstance(module, nn.modules.instancenorm._InstanceNorm) and module.track_running_stats
        if running and module.training:
            raise ValueError(
                f"model has {type(module).__name__} with track_running_stats=True at {name!r}: in evaluation it is "
                "another function than in training; use track_running_stats=False, or eval() in training too"
            )


def logit_jacobian(model: nn.Module, inputs: Tensor, *, chunk: int = 64) -> Tensor:
    """`J` for every sample, `(N, C, d)`, in evaluation mode; d counts trainable parameters in `parameters()` order.

    Memory is `N·C·d` numbers: take a subsample. `chunk` samples are differentiated at once.
    """
    refuse_batch_normalisation(model)
    model = copy.deepcopy(model).eval()
    trainable = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}

    def logits(parameters: dict[str, Tensor], sample: Tensor) -> Tensor:
        return functional_call(model, parameters, (sample.unsqueeze(0),)).squeeze(0)

    jacobian = vmap(jacrev(logits), in_dims=(None, 0), chunk_size=chunk)(trainable, inputs)
    return torch.cat([part.flatten(2) for part in jacobian.values()], dim=2)


def centred(jacobian: Tensor) -> Tensor:
    """`PJ`: the mean over classes is taken from every row."""
    return jacobian - jacobian.mean(1, keepdim=True)


def jacobian_diameter(jacobian: Tensor) -> Tensor:
    r"""`diam(J) = max_{i≠j} ‖∇_θ(z_i − z_j)‖₂` of `(N, C, d)` Jacobians, `(N,)`."""
    rows = centred(jacobian)
    gram = rows @ rows.mT
    squares = gram.diagonal(dim1=1, dim2=2)
    distances = squares.unsqueeze(2) + squares.unsqueeze(1) - 2 * gram
    return distances.flatten(1).amax(1).clamp(min=0).sqrt()


def centred_spectral_norm(jacobian: Tensor) -> Tensor:
    r"""`‖PJ‖₂` of `(N, C, d)` Jacobians, `(N,)`; `diam(J) ≤ √2 ‖PJ‖₂`."""
    rows = centred(jacobian)
    return torch.linalg.eigvalsh(rows @ rows.mT)[:, -1].clamp(min=0).sqrt()
