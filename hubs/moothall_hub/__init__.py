"""The hub: a node with which a distant room takes part over one weak uplink."""
