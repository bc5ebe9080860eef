"""The composition root: what a server consists of, a module for each part."""
