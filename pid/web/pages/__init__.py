"""The pages of the web service, for people: drawn by the server, brought to life by plain modules in ``static/js``."""
