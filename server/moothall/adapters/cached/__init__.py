"""The cached feed: its endpoint, and a client for programs other than browsers."""
