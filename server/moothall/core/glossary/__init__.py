"""The names and terms that a recogniser should prefer: their sources, and which of them one text gets."""
