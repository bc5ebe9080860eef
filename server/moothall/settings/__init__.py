"""The settings file: its sections, and the code that reads it."""
