"""Interventions: what people want to say, from its arrival to its answer, and the queue between. Pure."""
