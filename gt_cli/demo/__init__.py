"""The notebook's three-job experiment, run by nothing but dropping files into the inbox bucket of a local stack."""
