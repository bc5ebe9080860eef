"""The links of engines and translators, and the processes that the server starts itself."""
