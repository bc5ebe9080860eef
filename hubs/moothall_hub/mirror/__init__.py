"""Copies of sessions on the hub's disk: following, checking, erasing."""
