"""What Keras offers: one spec per layer class and argument, and today's words for those of earlier eras."""
