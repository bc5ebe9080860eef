"""The work of a node in a house of several: keeping the house, copies, leases and the links of nodes."""
