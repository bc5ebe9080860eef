"""Implementations of the ports of speech recognition and voice activity detection (`moothall_models.ports`)."""
