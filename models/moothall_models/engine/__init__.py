"""The engine process: its link, sessions, streams and pulse."""
