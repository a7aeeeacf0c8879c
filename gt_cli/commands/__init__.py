"""The commands of `gt-service`, one file each."""
