"""Positions and edge routes for a graph."""
