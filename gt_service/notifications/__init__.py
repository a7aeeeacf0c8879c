"""Who is told of what: what is due, how it reads in each channel, how it is signed and tried again.

`due` looks at a campaign and its jobs as they stand and names what should have been told. A notification's id is made
from the transition alone, so the same transition always has the same id, and each id goes to each channel once.
All of it is pure but `delivery`, which puts into the queue and sends.
"""
