"""How shoppers reach us: one module per channel; NAMES is the registry."""

NAMES = ("web", "rest", "messenger", "instagram", "whatsapp", "telegram")
