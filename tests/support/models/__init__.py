"""Models small enough for a test, and services that act as if they had a model."""
