"""The sound of one source: what is kept of it, how loud it is, recordings."""
