"""Sessions and referees for tests of the record."""
