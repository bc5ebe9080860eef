"""The doors for those who run a server: whether it is ready, its metrics, and its traces."""
