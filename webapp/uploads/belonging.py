"""To which sheet a reading belongs: of those that are accepted and say it, the newest.

The source of a reading names the sheet that brought it. What a sheet says too, that was on record already, stands in
its Upload.told as "took": the ids of those measurements, as [first, last] where they follow one another.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import select

from webapp.extensions import db
from webapp.models import Upload
from webapp.uploads.checking.records import chunks

_PREFIX = "upload:"


def source_id(upload_id: str, row: int) -> str:
    """Of what the sheet brought in that row, from 0."""
    return f"{_PREFIX}{upload_id}:{row}"


def brought_by(source: str | None) -> str:
    """The id of the sheet that brought it; empty where another system did."""
    return source[len(_PREFIX) :].partition(":")[0] if source and source.startswith(_PREFIX) else ""


def with_took(told: str, ids: Iterable[int]) -> str:
    """Upload.told with the ids of measurements that were on record."""
    spans: list[list[int]] = []
    for one in sorted(ids):
        if spans and spans[-1][1] == one - 1:
            spans[-1][1] = one
        else:
            spans.append([one, one])
    return json.dumps({**json.loads(told), "took": spans}) if spans else told


def next_in_line(leaving: Upload, sources: Mapping[int, str | None]) -> dict[int, str]:
    """The sheet that each measurement belongs to when `leaving` does not say it any more, by the measurement's id; what
    no accepted sheet says is left out. `sources` are source_id by the measurement's id."""
    bringers = {one: brought_by(source) for one, source in sources.items()}
    accepted_at, accepted = _brought(sorted({*bringers.values()} - {""}))
    found = {one: bringer for one, bringer in bringers.items() if bringer != leaving.id and bringer in accepted}
    takers = select(Upload.id, Upload.accepted_at, Upload.told).where(
        Upload.clinic_id == leaving.clinic_id,
        Upload.status == "accepted",
        Upload.id != leaving.id,
        Upload.told.contains('"took"'),
    )
    for taker in db.session.execute(takers.order_by(Upload.accepted_at, Upload.id)):
        for one in _ids(json.loads(taker.told)["took"]):
            # SQLite gives the id of a row that has gone to another, which may have come after this sheet.
            if one in bringers and accepted_at.get(bringers[one], taker.accepted_at) <= taker.accepted_at:
                found[one] = taker.id
    return found


def _brought(upload_ids: list[str]) -> tuple[dict[str, datetime], set[str]]:
    """When these sheets were accepted, and which of them still are."""
    at: dict[str, datetime] = {}
    accepted: set[str] = set()
    for some in chunks(upload_ids):
        asked = select(Upload.id, Upload.status, Upload.accepted_at).where(Upload.id.in_(some))
        for row in db.session.execute(asked):
            at[row.id] = row.accepted_at
            accepted |= {row.id} if row.status == "accepted" else set()
    return at, accepted


def _ids(spans: Iterable[tuple[int, int]]) -> Iterator[int]:
    for first, last in spans:
        yield from range(first, last + 1)
