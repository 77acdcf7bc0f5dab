"""What several claims suppose, in words, and what their letters stand for."""

STEP = "x_{t+1} = x_t − η(∇F(x_t) + b_t + n_t), E[n_t|x_t, b_t] = 0"
NOISE, BIAS = "E‖n_t‖² ≤ M E‖∇F(x_t) + b_t‖² + σ²", "‖b_t‖² ≤ m‖∇F(x_t)‖² + ζ²"
SMOOTH = "F L-smooth and at least F*, Δ = E F(x_0) − F*"
MEAN = "A² = (1/T) Σ_{t<T} E‖∇F(x_t)‖²"

SGD = (STEP, NOISE, BIAS, SMOOTH, MEAN)
"""Of SGD with a constant step size."""

LIMIT = "A_∞ = limsup A as T → ∞"

FORCES = "V_k = ∇F_k + β_k/(K−1) Σ_{j≠k} ∇_{z_k} D_{α_k}(p_j‖p_k)"
"""Of learners that descend V with detached targets."""
