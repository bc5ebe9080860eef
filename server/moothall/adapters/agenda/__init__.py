"""The public agenda with its calendars, the private form for access needs, and the help pages."""
