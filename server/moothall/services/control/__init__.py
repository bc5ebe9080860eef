"""The control room: watches all sessions and raises alarms."""
