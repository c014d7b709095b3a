"""Talking to Rasa; training models."""
