"""What a backup is made of: the list of removals, blocks of a log, and the manifest of a snapshot. Pure."""
