"""The staff's pages of a real server, and people at them."""
