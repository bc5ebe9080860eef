"""Quotations of a text, their citations, the history of its lines, and versions beside each other."""
