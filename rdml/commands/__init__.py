"""One module a command; what is heavy is imported inside the command, so that help answers at once."""
