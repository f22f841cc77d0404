"""Reads for the screens; nothing here writes."""
