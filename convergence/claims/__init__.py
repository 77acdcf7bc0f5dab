"""The claims of the theory, one a file, found by what the packages beside this one contain.

An assertion of a claim is a function of named quantities. Whoever holds numbers under these names, a search,
a simulation or a training run, can evaluate it. Leading axis N: instances (training steps, samples, runs, …).

| name                            | shape        | meaning |
| ------------------------------- | ------------ | ------- |
| target, own                     | (N, C)       | logits of p and q |
| alpha, larger_alpha             | (N,)         | orders, the second at least the first |
| jacobian, diameter              | (N, C, d), N | J = ∂own/∂θ of one sample; `max_{ij} ‖∇_θ(z_i − z_j)‖₂` |
| second_target, second_own       | (N, C)       | another pair of logits |
| channel                         | (N, C, C')   | row i: distribution of the output given class i |
| weight                          | (N,)         | λ ∈ [0, 1] of a convex combination |
| mixture, displacement           | (N, C)       | logits of any s; a step δ of logits |
| logits                          | (N, K, C)    | logits of K learners on one sample |
| label                           | (N, C)       | distribution of the label |
| alphas, betas                   | (N, 2)       | orders and weights of two learners |
| beta                            | (N,)         | weight of the mutual term |
| bias_norm_squared               | (N,) [1]     | `‖b‖²` |
| weighted_disagreement           | (N,)         | mean over samples of `‖PJ‖₂²·D̄`, D̄ the mean over peers |
| step_size, smoothness, steps, … | (N,)         | constants, spelled as in `convergence.bounds` |
| mean_gradient_norm_squared      | (N,)         | `A² = (1/T) Σ_{t<T} E‖∇F(x_t)‖²` |
| floor, extremal_floor           | (N,)         | stationary `E‖∇F‖²`; the same of the worst case |
| final_gap                       | (N,)         | `E F(x_T) − F*` |
| mean_square_distance            | (N,)         | `limsup E‖x_t‖²` |
| objective                       | (N, T+1)     | `F(x_0), …, F(x_T)` along a path |
| gradient_norm_squared           | (N, T)       | `‖∇F_t‖²`; so bias_norm_squared, noise_norm_squared [1] |
| gradient_estimate_norm_squared  | (N, T)       | `‖g_t‖²`, g = ∇F + b + n |
| gradient_dot_bias               | (N, T)       | `⟨∇F_t, b_t⟩`; so gradient_dot_noise, bias_dot_noise |
| directional_smoothness          | (N, T)       | L_t of the step taken |
| iterates, buffers               | (N, T+1, d)  | x_t and PyTorch's momentum buffer u_t (u_0 = 0) |
| gradient_estimates              | (N, T, d)    | g_t |
| momentum, nesterov              | (N,)         | γ; 1 for Nesterov, 0 for heavy ball |

[1] `(N,)` in `self-limiting`, `(N, T)` in `ledger` and `pathwise`.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convergence.claims.claim import Claim

SECTIONS = ("divergence", "gradient", "stationarity")
"""Packages of claims; each says in `ORDER` how its claims are read, and may hold more."""


def load_claims(sections: Sequence[str] = SECTIONS) -> dict[str, Claim]:
    """Claims by id, in reading order; claims that no `ORDER` names come last in their section."""
    claims = {}
    for section in sections:
        package = importlib.import_module(f"{__name__}.{section}")
        order = {name: place for place, name in enumerate(package.ORDER)}
        names = [module.name for module in pkgutil.iter_modules(package.__path__)]
        for name in sorted(names, key=lambda name: (order.get(name, len(order)), name)):
            claim = importlib.import_module(f"{package.__name__}.{name}").CLAIM
            claims[claim.id] = claim
    return claims


def find(claim_id: str) -> Claim:
    """The claim of that id; a ValueError suggests the nearest ids if there is none."""
    claims = load_claims()
    if claim_id in claims:
        return claims[claim_id]
    near = difflib.get_close_matches(claim_id, claims, n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(near)}?" if near else "`rdml claims list` lists them"
    raise ValueError(f"no claim has the id {claim_id!r}; {hint}")
