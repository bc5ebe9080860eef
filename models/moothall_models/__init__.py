"""The engine: a process of its own that turns audio into text."""
