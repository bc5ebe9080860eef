"""A session as values: told in commands or events, drawn by Hypothesis, read back by other means."""
