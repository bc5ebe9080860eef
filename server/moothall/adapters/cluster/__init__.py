"""Logs and book on Redis or Valkey, for many machines."""
