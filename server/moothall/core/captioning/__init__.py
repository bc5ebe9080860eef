"""Captioning: who is on air, how the machine continues after a person, and text from outside software."""
