"""Parts of the Rasa pipeline; imported by Rasa only (Python 3.10, rasa 3.6, spaCy)."""
