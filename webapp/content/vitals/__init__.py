"""Readings of vital signs, for every template that tells of them.

bands.py   the bands and limits of each measure, as data
told.py    what the database tells of a reading by them
counts.py  how many readings come to what, with the patients' ages
"""
