"""The schema of an org, which can be described, listed and configured: objects, channels with members, PushTopics."""
