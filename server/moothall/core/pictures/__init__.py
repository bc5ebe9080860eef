"""Draws figures as SVG. The same values give the same picture, byte for byte."""
