"""What others say of the images: detectors and classifiers that the user brings, and predictions in the manifest.

Whoever says it, it is an opinion of each image; the learners propose from it, weigh it against their own, and the
certificate judges what comes of it.
"""
