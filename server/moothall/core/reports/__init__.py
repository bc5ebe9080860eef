"""Reports of sessions: whether quoted words were said, which words to confirm, which lines to begin with."""
