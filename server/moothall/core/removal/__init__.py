"""What has to go when words are removed, and where lines were moved to."""
