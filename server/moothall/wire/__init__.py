"""Messages, codecs and per-connection state as values. Sockets are the adapters' business."""
