"""A session as the fold of its log."""
