"""Fakes of all ports, shipped so that users can test with the same ones as this project."""
