"""Search: the index in SQLite files, stems of words, and the pages."""
