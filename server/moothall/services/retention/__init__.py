"""Removes what is due, after it was listed, and the words of one person from all sessions."""
