"""The record as files, and its sound."""
