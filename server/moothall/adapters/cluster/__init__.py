"""Redis or Valkey, and the other nodes, for a server that is one of several."""
