"""A folder for the path of Python, with a model in place of the real one's package."""
