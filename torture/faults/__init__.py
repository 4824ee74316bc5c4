"""Parts of the running shop are killed, stopped and slowed while people buy in it."""
