"""Protocols with captioning software: the caption bridge's link, and captions by polling."""
