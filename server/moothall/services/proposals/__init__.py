"""Corrections proposed by a second pass over a recording: stored for people's decisions, and carried out."""
