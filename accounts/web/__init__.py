"""The pages of the door: log in, log out, change the password."""
