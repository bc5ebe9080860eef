"""The centre's HTTP side of hubs: the hub link, pairing, the staff's pages about hubs, the page of a hub."""
