"""Pure speech policy: what to recognise when, and what to commit."""
