"""Ensembles of SGD runs: random streams, the engines, and what is recorded."""
