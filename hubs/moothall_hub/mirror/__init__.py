"""Copies of sessions on the hub's disk: replicating, verifying and erasing events."""
