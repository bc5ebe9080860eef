"""Brings sound to the text of a channel: live sound, files, streams, and the close of a session."""
