"""Doors of the public tree: its tiles, proofs, and the words about them."""
