"""What happens: one use case per module."""
