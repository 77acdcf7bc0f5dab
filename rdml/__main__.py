"""`python -m rdml` is `rdml`."""

from rdml.cli import main

if __name__ == "__main__":
    main()
