"""What the log can hold: every event, its parts and its codec."""
