"""Captions by people and their software: who is on air, streams of characters that become lines, captions in Zoom."""
