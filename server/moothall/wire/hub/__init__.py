"""The link between a hub and the server above it: messages, their short frames, and records without what both know."""
