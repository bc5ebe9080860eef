"""The hub node: a room far away takes part over one weak line."""
