"""What may happen: each command against the state, and how acts are undone. `decide` is the entrance."""
