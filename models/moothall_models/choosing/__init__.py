"""Choosing a model: what this machine carries (`moothall models suggest`), and models of one's own (`… describe`)."""
