"""The programme of a conference: rooms and planned sessions, agenda, imports, access needs, look, rehearsals."""
