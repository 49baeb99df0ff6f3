"""What runs a client, behind one door: `connection` puts the parts together."""
