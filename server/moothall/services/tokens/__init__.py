"""Tokens by which programs do acts of the staff."""
