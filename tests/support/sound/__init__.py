"""Sound and speech of which the truth is known."""
