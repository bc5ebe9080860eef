"""Pages about outcomes: the rapporteur's room, the secretariat's list of reports, a session's published report."""
