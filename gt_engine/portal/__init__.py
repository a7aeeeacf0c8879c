"""Where people work: sign-in, the list of jobs, the page of a task, the pages of those who run the team."""
