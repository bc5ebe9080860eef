"""Turns: where one voice ends and another begins, what that means for lines, and whose voice it is. Pure."""
