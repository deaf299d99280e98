"""The process that opens files."""
