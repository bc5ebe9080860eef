"""Reads files about past meetings: bytes in, lines out, and a sentence with the line of the file where one is wrong."""
