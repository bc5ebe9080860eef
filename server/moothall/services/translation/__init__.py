"""Live translation of sessions' text: connected translators, translation tasks, interpreters' silences, glossaries."""
