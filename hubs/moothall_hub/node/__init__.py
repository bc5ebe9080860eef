"""A hub as a whole: its uplink, its meetings, the hubs below it, and the checks before a meeting."""
