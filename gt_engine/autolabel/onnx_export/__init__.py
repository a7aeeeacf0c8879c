"""A model to take away: a job's final model as one ONNX file, eye, heads and post-processing."""
