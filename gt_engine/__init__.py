"""gt-engine: a labeling engine that is Ground Truth to its callers."""

import os

# ONNX Runtime reports to Microsoft what it runs unless it is told otherwise before it is loaded. Nothing leaves here.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
