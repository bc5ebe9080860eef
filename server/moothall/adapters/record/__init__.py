"""The doors of the record as files, and of its sound."""
