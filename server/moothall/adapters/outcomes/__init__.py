"""Pages about outcomes: policy questions, open calls, reports, documents."""
