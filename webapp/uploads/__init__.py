"""Sheets that people bring: stored, read, understood, tried out in a dry run, accepted.

reading/    the file becomes a Workbook, in a process of its own
layout/     what its columns mean, and what must be asked; then its rows as drafts
checking/   drafts against the clinic's records: what is used, what is left out and why
accepting.py  drafts become measurements, and a report is asked for
"""
