"""Small helpers that know nothing of Bayeux: texts, addresses, values, threads."""
