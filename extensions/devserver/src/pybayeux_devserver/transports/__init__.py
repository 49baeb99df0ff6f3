"""The transports: long-polling, callback-polling and WebSocket, between sockets and the protocol engine."""
