"""Rules of a session: which events a command causes in a state, or why it is refused, and how acts are undone. The
entry point is `decide`.
"""
