"""Shape learning: find and name symbols."""
