"""The application: command line, configuration, run store, verification, report."""
