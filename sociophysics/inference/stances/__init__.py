"""Fits to stances on a given network."""
