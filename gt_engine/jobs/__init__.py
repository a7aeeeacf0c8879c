"""The life of a labeling job: what comes next (pure), how each step is done, and who does it when."""
