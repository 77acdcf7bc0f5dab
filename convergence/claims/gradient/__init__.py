"""Gradients of the Rényi divergence and bounds on them, uniform in the number of classes."""

ORDER = (
    "grad_own",
    "grad_target",
    "hessian_own",
    "grad_own_bounded",
    "self_bounding",
    "self_bounding_best",
    "smooth_own",
    "grad_theta",
    "peer_direction",
    "order_lipschitz",
    "order_as_weight",
    "order_monotone_force",
)
