"""What runs in Lambda: a function for each trigger, and the wiring of clients and settings."""
