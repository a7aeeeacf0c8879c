"""Cost and quality reports of labeling jobs and campaigns, and estimates before they start."""
