"""Doors for programs that do acts of the staff with a token, and the page on which tokens are made."""
