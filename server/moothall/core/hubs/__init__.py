"""Hubs: their names, their places on the map, their presence, and their entries in the registry."""
