"""The machine: clock, time zones, core dumps."""
