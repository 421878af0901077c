"""Generated drawings with exact truth."""
