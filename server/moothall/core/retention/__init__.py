"""How long what is kept of meetings is kept, and what is due to be removed."""
