"""The rules by which several nodes run one house: pure, of values and time."""
