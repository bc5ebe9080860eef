"""Streams are fetched here: by connections that are checked, decoded by a process of their own."""
