"""Where a backup lies, and the data folders that it is taken of and restored to."""
