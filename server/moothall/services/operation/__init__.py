"""What the operator asks of a server: whether all is well, how it is doing, a drain, a reload of settings."""
