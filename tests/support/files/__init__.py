"""Files that tests read, and files that programs leave on a disk."""
