"""What the nodes of one house say to one another."""
