"""The parts of a backup: the list of removals, blocks of a log, the book, and restore points."""
