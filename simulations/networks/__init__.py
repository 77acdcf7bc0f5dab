"""Networks trained in cohorts on real data, and the theory held against their runs."""
