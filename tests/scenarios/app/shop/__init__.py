"""A small shop: a dashboard over orders, users, mail, and a queue of jobs."""
