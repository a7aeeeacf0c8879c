"""Labels and predictions that somebody had before the campaign: read once, kept beside what jobs write, never paid for.

s3://<inbox>/<campaign>/labels/<name>.manifest     dropped: an augmented manifest, as any labeling job leaves one
s3://<results>/<campaign>/imported/<name>/         kept: labels.manifest and proposals.manifest as they were read,
                                                   manifests/output/output.manifest of what found its image,
                                                   checks.manifest of what people are asked about all the same,
                                                   left-out.jsonl of what will be no label, each with the reason
"""
