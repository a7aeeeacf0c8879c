"""Object detection: proposals on a grid, refined one by one."""
