"""Proposals of a second pass: how they are computed, and their status."""
