"""The programme of a conference: rooms, planned sessions, and the formats in which other programs store them."""
