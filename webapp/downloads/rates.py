"""How often each tier gave what was asked of it, and the alerts when missing or broken files become more.

A download tries each tier once at most, and ends with one try that hands over a file, or that fails.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from webapp import alerts, clock
from webapp.extensions import db
from webapp.models import DownloadTry, FileMaking
from webapp.models.download import FAULTS, TIERS
from webapp.words import number

HANDED_OVER = ("served", "other bytes")
ENDS = (*HANDED_OVER, "failed")

WINDOW = timedelta(hours=1)
"""What counts as now: long enough for a quiet clinic to have a handful of downloads, short enough to be told while
something can still be done."""

BEFORE = timedelta(hours=24)
"""What the last hour is held against: a whole day, so that mornings and nights are both in it."""

NOTICED = 0.10
"""Below one download in ten nobody waits noticeably longer, as each is made again."""

TIMES_BEFORE = 2
"""A share that has been high for a day, as during a move between stores, is known; one that doubles is news."""

FEWEST = 5
"""Fewer may be one report that somebody asks for again and again."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a download may meet on its way: the outcomes that count as it, the alert's rule, and its words."""

    outcomes: tuple[str, ...]
    rule: str
    happened: str
    to_do: str


TROUBLES = (
    Trouble(
        ("missing", "corrupt"),
        "downloads-missing",
        "found no file in the store, or a damaged one",
        "The people got their files, made again from their figures. Find out who or what removes or changes files: "
        "look at the bucket’s lifecycle rules and access log, or at the disk.",
    ),
    Trouble(
        FAULTS,
        "downloads-broken",
        "found the file store broken",
        "The people got their files, made again from their figures. Look at the file store on the operations page, and "
        "do what it says there.",
    ),
)


@dataclass(frozen=True, slots=True)
class TierRate:
    """What became of the tries of one tier. `served` counts files with other bytes too, for they were handed over;
    `broken` all kinds of fault of a store. `median` and `slowest` are milliseconds of all tries, whatever came of them:
    who waited for a fault waited too."""

    tier: str
    tried: int
    served: int
    missing: int
    corrupt: int
    broken: int
    failed: int
    median: float
    slowest: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `all` downloads met one kind of trouble."""

    met: int
    all: int

    @property
    def part(self) -> float:
        return self.met / self.all if self.all else 0.0

    @property
    def words(self) -> str:
        return f"{number(self.met)} of {number(self.all)}" + (f" ({percent(self.met, self.all)})" if self.all else "")


def percent(count: int, all_: int) -> str:
    """Such as "98.9 %". What is not all is never written as 100, and what is not nothing never as 0."""
    if count in (0, all_):
        return "0 %" if count == 0 else "100 %"
    return f"{number(min(max(100 * count / all_, 0.1), 99.9), 1)} %"


def by_tier(since: datetime) -> list[TierRate]:
    """The tiers that were tried since that moment, in the order of TIERS."""
    medians = _medians(since)
    rows = db.session.execute(
        select(
            DownloadTry.tier,
            func.count().label("tried"),
            _count(*HANDED_OVER).label("served"),
            _count("missing").label("missing"),
            _count("corrupt").label("corrupt"),
            _count(*FAULTS).label("broken"),
            _count("failed").label("failed"),
            func.max(DownloadTry.milliseconds).label("slowest"),
        )
        .where(DownloadTry.at >= since)
        .group_by(DownloadTry.tier)
    ).all()
    rates = [TierRate(**row._mapping, median=medians[row.tier]) for row in rows if row.tier in medians]
    return sorted(rates, key=lambda rate: TIERS.index(rate.tier))


def not_made() -> int:
    """How many files of ready reports could not be drawn."""
    return db.session.scalar(select(func.count()).where(FileMaking.status == "failed")) or 0


def watch() -> None:
    """Raise, repeat or resolve the alerts about missing and broken downloads, by the last hour. Commits."""
    now = clock.now()
    for trouble in TROUBLES:
        hour = _share(trouble.outcomes, now - WINDOW, now)
        before = _share(trouble.outcomes, now - WINDOW - BEFORE, now - WINDOW)
        db.session.commit()
        _judge(trouble, hour, before)


def _judge(trouble: Trouble, hour: Share, before: Share) -> None:
    """Between risen and fallen an open alert stays as it is, and so it does while nobody downloads anything: then
    nothing is known."""
    if hour.met >= FEWEST and hour.part >= max(NOTICED, TIMES_BEFORE * before.part):
        alerts.raise_alert(
            "warning",
            trouble.rule,
            message=f"{hour.words} downloads of the last hour {trouble.happened}. "
            f"In the 24 hours before it were {before.words}.",
            what_to_do=trouble.to_do,
        )
    elif hour.all and hour.part < NOTICED:
        alerts.resolve_alert(trouble.rule)


def _share(outcomes: tuple[str, ...], start: datetime, end: datetime) -> Share:
    """Of the downloads that ended after `start`, up to `end`. One that met the same trouble in two tiers must not
    count twice, so the tier that met it most often stands for all."""
    rows = db.session.execute(
        select(_count(*ENDS), _count(*outcomes))
        .where(DownloadTry.at > start, DownloadTry.at <= end)
        .group_by(DownloadTry.tier)
    ).all()
    return Share(met=max((met for _, met in rows), default=0), all=sum(ended for ended, _ in rows))


def _count(*outcomes: str) -> ColumnElement[int]:
    return func.count().filter(DownloadTry.outcome.in_(outcomes))


def _medians(since: datetime) -> dict[str, float]:
    """Milliseconds by tier: the middle one, or the mean of the two in the middle. SQLite has no function for it."""
    place = func.row_number().over(partition_by=DownloadTry.tier, order_by=DownloadTry.milliseconds)
    of_tier = func.count().over(partition_by=DownloadTry.tier)
    tries = (
        select(DownloadTry.tier, DownloadTry.milliseconds, place.label("place"), of_tier.label("of_tier"))
        .where(DownloadTry.at >= since)
        .subquery()
    )
    middle = tries.c.place.in_([(tries.c.of_tier + 1) // 2, (tries.c.of_tier + 2) // 2])
    return {
        tier: float(median)
        for tier, median in db.session.execute(
            select(tries.c.tier, func.avg(tries.c.milliseconds)).where(middle).group_by(tries.c.tier)
        )
    }
