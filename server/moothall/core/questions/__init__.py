"""Questions, comments and requests to speak: their fold, order, limits, shows of hands, and figures."""
