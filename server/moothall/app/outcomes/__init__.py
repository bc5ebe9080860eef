"""Build what is about outcomes: policy questions, calls, reports, documents."""
