"""Custom objects: where a class comes from, and whether the user trusts it."""
