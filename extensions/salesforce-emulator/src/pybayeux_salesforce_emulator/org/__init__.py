"""The org itself: its users, apps, tokens, limits, clock and host names."""
