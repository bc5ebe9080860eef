"""Which engine hears which channel, and what it says of it."""
