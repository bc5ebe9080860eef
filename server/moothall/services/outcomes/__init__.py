"""Services of outcomes: policy questions, calls, reports, documents, and whom they reach."""
