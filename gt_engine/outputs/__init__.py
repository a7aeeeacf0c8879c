"""What a labeling job leaves behind: its tree in S3, its training logs and its events, in Ground Truth's own forms."""
