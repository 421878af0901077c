"""P&ID recognition: drawings in, symbols, lines, graph and bill of materials out."""

__version__ = "0.1.0"
