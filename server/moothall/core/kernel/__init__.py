"""Basic types that all other modules use: ids, actors, lanes, languages, times, errors, persistent maps."""
