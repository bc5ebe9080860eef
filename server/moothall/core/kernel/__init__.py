"""What everything else is made of: ids, actors, lanes, languages, times, errors, persistent maps."""
