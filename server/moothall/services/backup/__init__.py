"""Takes a backup while the server runs, checks it, and restores it without what was removed."""
