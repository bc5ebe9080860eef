"""Messages, codecs and per-connection state as values, without sockets: these are in the adapters."""
