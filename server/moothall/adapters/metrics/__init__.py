"""What those who run a server ask it: whether it is ready, and its metrics."""
