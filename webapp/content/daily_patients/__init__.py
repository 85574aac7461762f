"""Daily patient reports: of each patient of an uploaded sheet the latest vital signs with their score, the readings of
the day, and how they compare with the days before."""

from datetime import timedelta

from sqlalchemy import Connection

from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.errors import FiguresFailed


def build(connection: Connection, question: Question, step: Step) -> Body:
    raise FiguresFailed("not there yet")


def count(connection: Connection, question: Question) -> tuple[int, str]:
    return 0, "readings"


TEMPLATE = Template(
    name="daily_patients",
    title="Daily patients",
    number_prefix="DP",
    sentence="Each patient’s vital signs of the day with their NEWS2 score, from a sheet that you upload.",
    pages="a page a patient",
    audience="patients",
    version=1,
    filters=(),
    steps=1,
    build=build,
    count=count,
    fresh_for=timedelta(0),
)
