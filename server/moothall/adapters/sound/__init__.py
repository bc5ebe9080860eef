"""Sound: the microphone's socket, files, decoding, the spool on disk, recordings."""
