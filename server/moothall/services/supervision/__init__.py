"""Restarts background tasks that fail, and gives up engine processes that hang."""
