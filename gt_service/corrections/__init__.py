"""Labels that somebody puts right: by the owner on an image's page or by the API, or by the people of a review.

form        what was asked for, checked and in Ground Truth's form
correcting  keeps it, unless the label is another one by now
files       the corrections in the results bucket, and what they make of a manifest line
manifests   what the next job learns of them
"""
