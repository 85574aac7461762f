"""Sheets that people bring: stored, read, understood, tried out in a dry run, accepted.

    steps.py          the way of a sheet: bring, answer, choose, accept or discard
    receiving.py      the file is stored as it came          reading/    it becomes a Workbook, in a process of its own
    layout/           what its columns mean, what must be asked, its rows as drafts
    checking/         drafts against the clinic's records: what is used, what is left out and why
    understanding.py  layout, answers and choices of one sheet, and what follows from them
    accepting.py      drafts become measurements, and a report is asked for   ending.py  nobody goes on with it
    taking_back.py    what an accepted sheet brought leaves the records   belonging.py  to which sheet a reading belongs
    example.py        a sheet to begin with
    views.py, taking_back_pages.py       the pages
    showing.py  a sheet and what was found as text               commands.py  flask upload

Nothing is imported here: the process that reads a file imports this package, and must start at once.
"""
