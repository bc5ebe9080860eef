"""The centre's side of hubs over HTTP: the link, pairing, the staff's pages of hubs, a coordinator's page."""
