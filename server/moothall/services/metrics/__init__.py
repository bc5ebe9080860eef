"""What a server tells those who run it: whether it is ready, and what it has measured of itself."""
