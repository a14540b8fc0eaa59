"""Exact and approximate theory: what a simulation has to agree with, sharing no code with it."""
