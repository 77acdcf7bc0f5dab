"""Studies read back from a run store; opening one executes nothing that it holds."""
