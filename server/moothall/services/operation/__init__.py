"""What an operator asks of a server: checks, status, a drain, a reload of settings."""
