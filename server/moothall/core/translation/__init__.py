"""The decisions of translation that need no translator: routes, terms, capitals."""
