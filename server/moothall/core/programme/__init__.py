"""The programme of a conference: rooms, planned sessions, and the files in which other programs keep them. All pure."""
