"""Statistics over independent replicas: intervals, plateaus, extrapolation."""
