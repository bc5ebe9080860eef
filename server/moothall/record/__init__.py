"""The record of a session, and its text formats. Pure."""
