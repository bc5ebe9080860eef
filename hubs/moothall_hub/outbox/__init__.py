"""Acts that wait on the disk until the link is up."""
