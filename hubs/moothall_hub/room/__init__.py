"""The room's own questions, head counts and notes."""
