"""Files that tests read, and what programs leave on a disk."""
