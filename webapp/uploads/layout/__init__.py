"""What the columns of a sheet mean, what must be asked about it, and its rows as drafts. No database, no web framework.

    layout.py       Layout, Answers and Ask: how a sheet is understood, what was answered, what is asked
    headers.py      what headers are called in clinics, as data      units.py  what units are called
    recognising.py  which sheet, which rows are headers              columns.py  what columns mean, by their values
    rows.py         which rows hold data
    plan.py         all that is decided about reading a sheet        asking.py  what is left to ask
    drafting.py     rows as drafts   people.py  who   moments.py  when   readers.py  what
    text.py numbers.py pressures.py spoken.py dates.py orders.py     single cells

What can be asked is never guessed. What the values leave no doubt about is not asked but noted.
"""

from webapp.uploads.layout.asking import asked, questions
from webapp.uploads.layout.drafting import drafts
from webapp.uploads.layout.layout import FIELDS, LEFT_OUT, Answers, Ask, Column, Layout
from webapp.uploads.layout.recognising import headers_sha256, recognise, understood

__all__ = [
    "FIELDS",
    "LEFT_OUT",
    "Answers",
    "Ask",
    "Column",
    "Layout",
    "asked",
    "drafts",
    "headers_sha256",
    "questions",
    "recognise",
    "understood",
]
