"""Recognisers behind one port."""
