"""Studies: a question, a plan that was written before the runs, one command that repeats them."""
