"""Sound and speech whose true text is known."""
