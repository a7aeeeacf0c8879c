"""gt-engine: a labeling engine that is Ground Truth to its callers."""
