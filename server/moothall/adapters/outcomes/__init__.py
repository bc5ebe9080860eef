"""Pages about outcomes: the rapporteur's room, reports, documents, and the bodies that they are for."""
