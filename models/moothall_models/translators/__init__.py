"""Translators behind one port."""
