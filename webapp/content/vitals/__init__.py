"""Readings of vital signs, for every template that tells of them.

bands.py   the bands and limits of each measure, as data
told.py    what the database tells of a reading by them
news2.py   the score of a whole set of readings, and what it calls for
daily.py   the measures of daily patient reports
counts.py  how many readings come to what, with the patients' ages
"""
