"""All of training but the framework itself: plans, run folders, events, metrics."""
