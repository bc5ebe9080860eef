"""Sound that is fetched from a stream: permitted addresses, the pieces to fetch, and when a stream counts as lost."""
