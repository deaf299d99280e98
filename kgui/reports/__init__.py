"""What is said about a model: summary, picture, diff, Python code, risks."""
