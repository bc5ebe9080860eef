"""Counts of readers, facts of sessions, the attendance list, and reports of sessions and years."""
