"""SageMaker's wire protocol, checked against botocore's own service model, and the labeling operations behind it."""
