"""Acts that wait on the hub's disk until the uplink is up."""
