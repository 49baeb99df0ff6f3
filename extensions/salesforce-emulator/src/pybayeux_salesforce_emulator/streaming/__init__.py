"""The Streaming API: the endpoint `/cometd/NN.0`, its sessions, and the messages of the Bayeux protocol."""
