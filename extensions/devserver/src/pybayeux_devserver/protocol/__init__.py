"""The server side of the Bayeux protocol: sessions, subscriptions, replies. It knows no socket and no timer."""
