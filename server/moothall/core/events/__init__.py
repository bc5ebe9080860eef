"""The vocabulary of the log: every event, its parts and its codec."""
