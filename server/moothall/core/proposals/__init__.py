"""Proposals of a second pass: how they are made and matched."""
