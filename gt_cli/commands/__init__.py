"""The commands of `gt-service`; those that are about one thing share a file."""
