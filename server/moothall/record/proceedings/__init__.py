"""Proceedings: the records of several sessions as one book, as EPUB and as a document that is set as PDF."""
