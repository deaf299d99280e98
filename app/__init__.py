"""The Qt application: what is on the screen, and nothing else."""
