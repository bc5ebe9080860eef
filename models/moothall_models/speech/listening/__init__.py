"""Listening to a channel: its sound cut into utterances, and the policy for recognisers that stream by themselves."""
