"""The command `moothall token`."""
