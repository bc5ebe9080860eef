"""What holds for every HTTP request: limits, places, proxies, TLS, cookies, tokens of forms."""
