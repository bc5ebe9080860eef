"""A hub, its line and the server above it in a simulation that a seed decides."""
