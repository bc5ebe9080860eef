"""Connections that fail, and safeguards for connections: proxies on this machine, certificates."""
