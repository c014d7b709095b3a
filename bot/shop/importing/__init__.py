"""Bringing a catalogue in: files of several formats become rows, rows become items, items become products."""
