"""The style guide: parts of the pages and whole pages in each of their states, with invented data."""
