"""Events and channels: what is published, in which shape, and what a channel keeps of it."""
