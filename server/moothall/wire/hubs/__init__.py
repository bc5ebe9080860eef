"""The protocol between a hub and the server above it: its messages, and a compact encoding of batches of events."""
