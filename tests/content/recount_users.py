"""Who uses the system, counted one person at a time in plain Python, with nothing taken from the code under test."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from tests.content.recount import Row, percent


def users(rows: dict[str, list[Row]], zone: ZoneInfo, period: tuple[date, date]) -> dict[str, list[tuple[Any, ...]]]:
    """By role: people with an account, those who signed in, who asked for a report, and who did one of both. `rows`
    has the clinic's rows by table name."""

    def is_within(moment: Any) -> bool:
        return period[0] <= moment.astimezone(zone).date() <= period[1]

    people = [
        person
        for person in rows["people"]
        if person["is_active"] and person["added_at"].astimezone(zone).date() <= period[1]
    ]
    log = rows["audit_entries"]
    came = {row["person_id"] for row in log if row["action"] == "person.signed_in" and is_within(row["at"])}
    asked = {row["requester_id"] for row in rows["reports"] if is_within(row["asked_at"])}
    found = []
    for role in ("staff", "clinician", "manager"):
        those = {person["id"] for person in people if person["role"] == role}
        used = those & (came | asked)
        found.append((len(those), len(those & came), len(those & asked), len(used), percent(len(used), len(those))))
    return {"users": found} if people else {}
