"""Datasets: sources that feed training, previews, and the Keras data utilities."""
