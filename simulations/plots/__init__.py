"""Figures: functions that take and return an Axes."""
