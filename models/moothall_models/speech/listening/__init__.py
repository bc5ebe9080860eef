"""Listening to a channel: its sound cut into utterances, the script of what is heard, and the policy for recognisers
that stream by themselves.
"""
