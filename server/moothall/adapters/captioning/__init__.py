"""Doors of captioning software: posts, streams over TCP and WebSocket, and captions given out."""
