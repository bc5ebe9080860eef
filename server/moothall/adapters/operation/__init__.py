"""The machine below a server: facts about it, and messages to its service manager."""
