"""The composition root: the parts of a server, each built by a module of its own."""
