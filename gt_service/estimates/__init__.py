"""What labeling will cost, before it starts, and the most that a job may cost, which is reserved for it.

estimate    what some objects will cost: low, likely and high, the worst case, and what people alone would cost
worst_case  the most that one job may cost, and what a running one has cost
people      how many answers people give, in what time, and what they are paid
computing   what training and predicting cost, on instances or as functions
ranges      the amounts of an estimate
"""
