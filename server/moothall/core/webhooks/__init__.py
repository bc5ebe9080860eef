"""Webhooks: which news go to which addresses, how they are signed, and when they are sent again."""
