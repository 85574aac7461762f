"""What we claim about speed and safety, measured: `make bench`, or `python -m benchmarks NAME ...` for some of it.

Each module here is one claim: its docstring says what is measured, and its `main()` measures it and returns Markdown.
"""
