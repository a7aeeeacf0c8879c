"""From uploads to manifests: S3's notifications, image checks, duplicates, batches."""
