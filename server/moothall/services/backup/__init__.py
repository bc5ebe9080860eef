"""Taking a backup while the server runs, checking it, and restoring it without what was removed."""
