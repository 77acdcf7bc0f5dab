"""Maps from the cube `[-1, 1]^n` to instances of the claims, to be searched by searching the cube."""

from convergence.claims.samplers.coordinates import Coordinates, Sampler

__all__ = ["Coordinates", "Sampler"]
