"""Questions, comments and requests to speak: asking, typing in a turn, ballots, balance of speakers, abuse reports."""
