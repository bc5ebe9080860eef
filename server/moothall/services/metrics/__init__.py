"""What a server reports to its operators: its readiness, and what it has measured of itself."""
