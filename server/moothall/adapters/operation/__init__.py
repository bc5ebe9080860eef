"""The machine below a server: what is found out about it, and what the system that starts services is told."""
