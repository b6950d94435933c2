"""Command-line experiments; run them from the repository root."""
