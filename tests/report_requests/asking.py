"""What is asked in tests of the form, and what became of it."""

import re

from flask import Flask
from sqlalchemy import select

from webapp.content.question import Question
from webapp.extensions import db
from webapp.models import Report

ASKED = {"template": "visit_trends", "period": "last_month", "format": "pdf"}
OWN = {**ASKED, "period": "dates"}


def asked(app: Flask) -> list[Report]:
    with app.app_context():
        return list(db.session.scalars(select(Report)))


def chosen_in(page: str) -> dict[str, str]:
    """What is chosen in the form of a page, where that is not everything."""
    checked = re.findall(r'<input checked [^>]*name="(\w+)"[^>]*value="(\w+)"', page)
    selects = re.findall(r'<select [^>]*name="(\w+)"(.*?)</select>', page, re.DOTALL)
    selected = [(name, re.findall(r'<option selected value="([^"]+)"', options)) for name, options in selects]
    return {**dict(checked), **{name: found[0] for name, found in selected if found}}


def question_of(report: Report) -> Question:
    return Question.from_json(report.question)
