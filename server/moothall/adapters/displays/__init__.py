"""Displays: the text on a wall, over a video or in another site, and the current questions on them."""
