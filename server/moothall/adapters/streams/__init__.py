"""Fetches sound streams over checked connections, and decodes them in a process of their own."""
