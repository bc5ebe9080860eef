"""The programme of a conference: imports, rooms, next sessions, rehearsals."""
