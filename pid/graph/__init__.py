"""From ink to plant: trace lines, connect symbols, build the graph."""
