"""Fan-out: every reader gets every event of a feed, encoded once."""
