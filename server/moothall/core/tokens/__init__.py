"""Tokens of programs: what each admits to."""
