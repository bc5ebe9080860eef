"""The link to the server above: dialling, clock, budget."""
