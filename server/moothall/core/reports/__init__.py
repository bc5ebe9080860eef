"""Reports of sessions: whether quoted words were said, and which words to confirm."""
