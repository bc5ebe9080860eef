"""Search of records: keeping the index true to the log, and finding moments."""
