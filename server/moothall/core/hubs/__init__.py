"""Hubs: their names, ways and how they stand."""
