"""Figures, as ratios against a reference in the same run: `python -m benchmarks` from the folder `tests`."""
