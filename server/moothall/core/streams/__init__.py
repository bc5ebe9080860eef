"""Sound that is fetched from a stream: which addresses, which pieces, and when it counts as lost. Pure."""
