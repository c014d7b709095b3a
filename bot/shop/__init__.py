"""Catalogue, search and orders of the shop."""
