"""Webhooks: finding what is new, and sending it until it is taken."""
