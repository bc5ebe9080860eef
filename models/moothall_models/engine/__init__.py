"""The engine process: its link, sessions, channels and pulse."""
