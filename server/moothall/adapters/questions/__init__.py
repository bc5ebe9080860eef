"""Questions, comments and requests to speak over HTTP: asking, the author's page, the list, shows of hands."""
