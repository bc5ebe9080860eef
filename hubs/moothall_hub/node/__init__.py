"""A hub as a whole: its link, its meetings, hubs below it, checks before a meeting."""
