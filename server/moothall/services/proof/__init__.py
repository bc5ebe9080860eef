"""The tree of all public events: what grows it, proves from it, and has it cosigned."""
