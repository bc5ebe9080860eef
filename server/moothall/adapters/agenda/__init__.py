"""The public agenda with its calendars, the private form of access needs, and the pages of help."""
