"""The web service: pages, API, accounts, store and jobs."""
