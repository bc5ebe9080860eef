"""Folds over the log: what people see."""
