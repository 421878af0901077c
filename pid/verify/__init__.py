"""Model against model: what each says of every element of the truth, and whether one has lost something."""
