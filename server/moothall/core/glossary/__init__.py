"""Names and terms that a recogniser is to prefer: where they come from, and which of them a text gets. All pure."""
