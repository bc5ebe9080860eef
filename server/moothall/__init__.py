"""Moothall: live text of public sessions, carried to people who are not in the room."""

__version__ = "0.3.0.dev0"
