"""Every bound of the theory as a plain function of numbers: float, Fraction, sympy and arrays alike."""
