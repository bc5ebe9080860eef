"""Outcomes: policy questions and the calls for them, reports of sessions, and the documents made of them."""
