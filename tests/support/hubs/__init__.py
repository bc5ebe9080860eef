"""Hubs and the server above them: both in this process, both in processes, or one of the two alone."""
