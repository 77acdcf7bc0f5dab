"""Exact worst cases of SGD by performance estimation, with certificates in rational arithmetic."""
