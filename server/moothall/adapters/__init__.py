"""Adapters: the code that does the I/O. Each is thin, and leaves decisions to the layers below."""
