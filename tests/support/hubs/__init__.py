"""Hubs and the server above them: in this process, in processes, or one of the two alone."""
