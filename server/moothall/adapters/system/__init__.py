"""The machine: clock, time zones, core dumps, and how a program ends."""
