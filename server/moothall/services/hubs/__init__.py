"""The centre's side of hubs: who they are, the link, what they follow, their acts, their presence."""
