"""Notes among the staff and tags of the report."""
