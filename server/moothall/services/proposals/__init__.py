"""What a second pass over a recording proposes, for people to decide on."""
