"""The centre's side of hubs: registry, pairing, links, the sessions that hubs follow, their acts, their presence."""
