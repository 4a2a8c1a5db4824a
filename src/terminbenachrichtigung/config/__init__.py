"""The configuration: frozen settings, their loading, and every problem in one message."""
