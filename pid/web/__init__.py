"""The web service: store, jobs, API and pages. The only place that knows Flask and SQLAlchemy."""
