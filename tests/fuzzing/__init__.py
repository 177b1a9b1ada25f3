"""Damaged and hostile files for every reader: ``make fuzz MINUTES=60``."""
