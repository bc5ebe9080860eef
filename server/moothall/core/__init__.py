"""The pure core: functions from values to values, without a clock, randomness or I/O."""
