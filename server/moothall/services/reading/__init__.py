"""Delivers each session's events to its readers: fan-out, feeds, slow readers, and sessions copied from elsewhere."""
