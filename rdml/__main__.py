"""`python -m rdml` is `rdml`."""

from rdml.cli import main

main()
