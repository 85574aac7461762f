"""What `make` runs: set-up, the local servers, the supervisor. Nothing in webapp/ imports it.

setup          (shell) finds Python, fills .venv
processes.py   children that cannot outlive us, waiting for a condition, free ports
servers.py     an embedded Redis and, for tests, a PostgreSQL
supervisor.py  keeps the Procfile's processes running
run.py         the whole of `make run`
"""
