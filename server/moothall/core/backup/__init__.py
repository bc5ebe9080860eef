"""What a backup is made of: the list of removals, blocks of a log, the book, and restore points. Pure."""
