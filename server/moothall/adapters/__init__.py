"""The I/O shells, each thin."""
