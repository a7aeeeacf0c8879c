"""The `gt-service` command: the local stack, the demo, estimates, status, reports, deployment."""
