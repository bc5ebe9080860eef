"""Captioning: who is on air, how the machine goes on after a person, and text that outside software sends."""
