"""The command `moothall search`."""
