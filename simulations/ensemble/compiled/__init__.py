"""The compiled engine: blocks of replicas that stay in cache, their noise made in registers."""
