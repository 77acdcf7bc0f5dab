"""Runs that supply evidence on claims, by kind of run."""
