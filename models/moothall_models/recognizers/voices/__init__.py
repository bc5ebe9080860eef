"""Encoders of voices: what makes a vector of a voice from a second or two of its speech."""
