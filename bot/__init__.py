"""Aisle: the support chatbot that online shops run themselves."""
