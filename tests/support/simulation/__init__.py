"""A hub, its uplink and the server above it, in a simulation that a seed determines."""
