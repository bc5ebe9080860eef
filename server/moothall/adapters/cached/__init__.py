"""The cached feed: its door, and a reader of it that isn't a browser."""
