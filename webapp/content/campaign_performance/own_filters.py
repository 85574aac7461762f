"""What the campaign performance can be narrowed by: the clinic's own topics and campaigns, under their numbers.

A topic stands under the number of its first campaign. Names are shown as they were written, on one line; where two
campaigns have one name, or one has the name of a row of totals, its number stands beside it.
"""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import ColumnElement, Connection, false, func, select
from sqlalchemy.orm import aliased

from webapp import words
from webapp.content import filters
from webapp.content.filters import Choices, Filter
from webapp.content.findings import ALL, ALL_OTHERS
from webapp.models import Campaign

NO_NAME, NO_TOPIC = "No name", "No topic"


def one_line(name: str, blank: str) -> str:
    """A name as it is shown; `blank` for one with nothing to see."""
    return " ".join(words.printable(name).split()) or blank


def topic_name(topic: str) -> str:
    name = one_line(topic, NO_TOPIC)
    return f"{name} (topic)" if name in (ALL, ALL_OTHERS) else name


def campaign_names(names: Mapping[int, str]) -> dict[int, str]:
    """Campaigns, name by number, as they are shown: each name once."""
    shown = {number: one_line(name, NO_NAME) for number, name in names.items()}
    taken = [ALL, ALL_OTHERS, *shown.values()]
    return {number: f"{name} (number {number})" if taken.count(name) > 1 else name for number, name in shown.items()}


def _topics(connection: Connection, clinic_id: int) -> Choices:
    first = (
        select(func.min(Campaign.id), Campaign.topic).where(Campaign.clinic_id == clinic_id).group_by(Campaign.topic)
    )
    found = [(topic_name(topic), number) for number, topic in connection.execute(first)]
    return [(str(number), name) for name, number in sorted(found, key=_by_name)]


def _campaigns(connection: Connection, clinic_id: int) -> Choices:
    """The latest first."""
    latest = (Campaign.started_on.desc(), Campaign.id.desc())
    query = select(Campaign.id, Campaign.name).where(Campaign.clinic_id == clinic_id).order_by(*latest)
    found = {row.id: row.name for row in connection.execute(query)}
    return [(str(number), name) for number, name in campaign_names(found).items()]


def _by_name(item: tuple[str, int]) -> tuple[str, str, int]:
    name, number = item
    return name.casefold(), name, number


def _topic_condition(value: str, _on: date) -> ColumnElement[bool]:
    number, first = filters.id_of(value), aliased(Campaign)
    if number is None:
        return false()
    same = select(first.id).where(
        first.id == number, first.topic == Campaign.topic, first.clinic_id == Campaign.clinic_id
    )
    return same.exists()


def _campaign_condition(value: str, _on: date) -> ColumnElement[bool]:
    number = filters.id_of(value)
    return false() if number is None else Campaign.id == number


def _words_of_topic(connection: Connection, clinic_id: int, value: str) -> str:
    of_clinic = (Campaign.clinic_id == clinic_id, Campaign.id == (filters.id_of(value) or 0))
    topic = connection.scalar(select(Campaign.topic).where(*of_clinic))
    return filters.NOT_OFFERED if topic is None else topic_name(topic)


def _words_of_campaign(connection: Connection, clinic_id: int, value: str) -> str:
    return dict(_campaigns(connection, clinic_id)).get(value, filters.NOT_OFFERED)


TOPIC = Filter("topic", "Topic", "All topics", "contact", _topics, _topic_condition, _words_of_topic)
CAMPAIGN = Filter(
    "campaign", "Campaign", "All campaigns", "contact", _campaigns, _campaign_condition, _words_of_campaign
)
