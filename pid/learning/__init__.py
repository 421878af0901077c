"""What the training and judging of all networks share: recipes, the loop, curves, files of weights, calibration."""
