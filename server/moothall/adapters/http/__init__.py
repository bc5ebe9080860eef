"""What applies to every HTTP request: limits, connection slots, proxies, TLS, cookies, form tokens."""
