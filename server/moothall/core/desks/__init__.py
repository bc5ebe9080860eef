"""Notes among the staff, and tags for the report."""
