"""Files and databases: the log, the book, the signing key, glossaries and word lists."""
