"""The folder of a backup, and the data folders that are backed up and restored."""
