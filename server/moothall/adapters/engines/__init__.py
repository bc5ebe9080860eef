"""Links to engines and translators, and the engine processes that the server starts itself."""
