"""Lines that fail, and what makes them safe: proxies on this machine, certificates."""
