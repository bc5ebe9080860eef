"""Whisper: windows, and the decoder of our own (docs/why/recognition.md)."""
