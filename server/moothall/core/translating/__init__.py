"""What translating needs to decide, without a machine that does it: routes, terms, capitals."""
