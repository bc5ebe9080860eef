"""What desks see and do: acts, undoing, calls, moved and removed lines."""
