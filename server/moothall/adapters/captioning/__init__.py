"""Endpoints for captioning software: HTTP posts, streams over TCP and WebSocket, and endpoints that give captions
out.
"""
