"""The uplink to the server above: dialling, the centre's clock, the data budget."""
