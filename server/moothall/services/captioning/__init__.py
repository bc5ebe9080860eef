"""Who is on air in the texts of sessions, and whether they still write."""
