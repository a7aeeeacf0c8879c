"""The domain of gt-service: campaigns, batches, labeling jobs, money and reports.

Nothing here imports Chalice, and nothing reads a clock, a random source or the network at import.
"""

__version__ = "0.1.0"
