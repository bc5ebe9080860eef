"""The rules by which several nodes run one house, as pure functions of values and time."""
