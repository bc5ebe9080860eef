"""The programme of a conference: imports, rooms, what comes next, rehearsals."""
