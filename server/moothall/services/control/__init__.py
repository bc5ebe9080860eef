"""The control room: what is watched in each session, and its alarms."""
