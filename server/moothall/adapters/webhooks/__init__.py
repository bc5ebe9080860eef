"""Webhooks: the client that sends their messages, and the page on which they are made."""
