"""The composition root of a server that is one of several nodes."""
