"""Translating text as it comes: translators, what is under way, interpreters beside it, glossaries."""
