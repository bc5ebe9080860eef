"""Protocols between the nodes of one house."""
