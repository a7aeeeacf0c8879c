"""The engine without a server: its API and portal behind a function URL, a job's steps from a queue, chunks of images
from a state machine. `template.yaml` is merged into the app's template, so that all of it is one stack.

Nothing here decides: a function reads its settings, and calls what the engine's own processes call.
"""
