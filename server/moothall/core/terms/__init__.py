"""Terms: those of glossaries, and those that were chosen in a session."""
