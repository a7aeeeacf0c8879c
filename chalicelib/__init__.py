"""What runs in Lambda: one blueprint per trigger, and the wiring of clients and settings."""
