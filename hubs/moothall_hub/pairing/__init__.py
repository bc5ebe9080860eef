"""As what this hub is known to the centre."""
