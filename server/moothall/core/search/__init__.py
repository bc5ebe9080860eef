"""Search of records: how words are folded, what a query asks for, which lines there are, how finds are counted."""
