"""The text over a picture and on a wall, and what is asked now."""
