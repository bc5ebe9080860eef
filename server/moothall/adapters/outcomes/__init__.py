"""Pages about outcomes: policy questions, open calls, the rapporteur's room, reports, documents."""
