"""What a request may say: the rules of labeling jobs and of their tags, and the errors that callers see."""
