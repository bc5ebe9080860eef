"""The sound of one source: its way through the spool, its loudness and silences, listeners, recordings."""
