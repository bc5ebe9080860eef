"""A real server, in this process or in one of its own, and what tests do to it."""
