"""Structure learning: line primitives, a network on them, and matching by one example."""
