"""Rows that can be counted by hand, with the clock stopped at noon."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import factories
import pytest
from flask import Flask
from sqlalchemy import select

from webapp import alerts, clock, jobs
from webapp.downloads import rates
from webapp.downloads.rates import TierRate
from webapp.extensions import db
from webapp.models import Alert, DownloadTry, FileMaking, Report

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


@pytest.fixture
def report(context_on_each: Flask) -> Iterator[Report]:
    """Whose downloads they all are."""
    with clock.stopped_at(NOON):
        yield factories.add_asked_report()


def tried(report: Report, *outcomes: str, ago: timedelta = timedelta(), tier: str = "client", ms: int = 10) -> None:
    """One try of that tier for each outcome."""
    for outcome in outcomes:
        values = {"tier": tier, "outcome": outcome, "milliseconds": ms, "at": NOON - ago}
        db.session.add(DownloadTry(report_id=report.id, format="pdf", **values))
    db.session.commit()


def open_rules() -> list[str]:
    return [alert.rule for alert in alerts.open_alerts()]


class TestByTier:
    def test_each_tier_has_its_own_counts_in_the_order_they_are_tried_in(self, report: Report) -> None:
        tried(report, "served", "served", tier="made again")
        tried(report, "failed", "other bytes", tier="made again")
        tried(report, "served", "missing", "corrupt", "refused", "slow", "resting", tier="signed URL")
        assert rates.by_tier(NOON - DAY) == [
            TierRate("signed URL", 6, served=1, missing=1, corrupt=1, broken=3, failed=0, median=10, slowest=10),
            TierRate("made again", 4, served=3, missing=0, corrupt=0, broken=0, failed=1, median=10, slowest=10),
        ]

    @pytest.mark.parametrize(
        ("milliseconds", "median"), [([7], 7), ([1, 4], 2.5), ([900, 1, 5], 5), ([1, 2, 4, 900], 3)]
    )
    def test_the_median_is_the_middle_and_the_slowest_the_longest(
        self, report: Report, milliseconds: list[int], median: float
    ) -> None:
        for ms in milliseconds:
            tried(report, "served", ms=ms)
        tried(report, "served", ms=5000, tier="spool")
        _, rate = rates.by_tier(NOON - DAY)
        assert (rate.median, rate.slowest) == (median, max(milliseconds))

    def test_what_was_before_does_not_count(self, report: Report) -> None:
        tried(report, "served", ago=DAY)
        tried(report, "missing", ago=DAY + timedelta(seconds=1), ms=900)
        (rate,) = rates.by_tier(NOON - DAY)
        assert (rate.tried, rate.missing, rate.slowest) == (1, 0, 10)

    def test_nothing_tried_is_an_empty_list(self, report: Report) -> None:
        assert rates.by_tier(NOON - DAY) == []


def test_files_that_could_not_be_made_are_counted(report: Report) -> None:
    assert rates.not_made() == 0
    for name, why, status in (("csv", "missing", "queued"), ("json", "store broken", "failed")):
        failure = "It could not be drawn." if status == "failed" else None
        db.session.add(FileMaking(report_id=report.id, format=name, why=why, status=status, failure=failure))
    db.session.commit()
    assert rates.not_made() == 1


@pytest.mark.parametrize(
    ("count", "all_", "words"),
    [(0, 9, "0 %"), (9, 9, "100 %"), (1, 8, "12.5 %"), (9_999, 10_000, "99.9 %"), (1, 10_000, "0.1 %")],
)
def test_what_is_not_all_is_never_written_as_all(count: int, all_: int, words: str) -> None:
    assert rates.percent(count, all_) == words


class TestWatch:
    @pytest.mark.parametrize(
        ("outcomes", "rule"),
        [
            (("missing", "missing", "missing", "corrupt", "corrupt"), "downloads-missing"),
            (("refused", "slow", "failing", "unreachable", "resting"), "downloads-broken"),
        ],
    )
    def test_a_tenth_of_the_last_hours_downloads_and_five_of_them_raise_an_alert(
        self, report: Report, outcomes: tuple[str, ...], rule: str
    ) -> None:
        tried(report, *outcomes)
        tried(report, *["served"] * 50, tier="made again")
        tried(report, *["served"] * 20, ago=2 * HOUR)
        rates.watch()
        (alert,) = alerts.open_alerts()
        assert (alert.rule, alert.severity) == (rule, "warning")
        assert "5 of 50 (10.0 %) downloads of the last hour" in alert.message
        assert "In the 24 hours before it were 0 of 20 (0 %)." in alert.message

    def test_less_than_a_tenth_raises_none(self, report: Report) -> None:
        tried(report, *["missing"] * 5)
        tried(report, *["served"] * 51, tier="made again")
        rates.watch()
        assert open_rules() == []

    def test_four_raise_none_whatever_their_share(self, report: Report) -> None:
        tried(report, *["missing"] * 4)
        tried(report, *["served"] * 4, tier="made again")
        rates.watch()
        assert open_rules() == []

    @pytest.mark.parametrize(("before", "raised"), [(10, ["downloads-missing"]), (11, [])])
    def test_what_was_half_as_much_all_day_raises_none_below_the_double(
        self, report: Report, before: int, raised: list[str]
    ) -> None:
        tried(report, *["missing"] * 20)
        tried(report, *["served"] * 100, tier="made again")
        tried(report, *["missing"] * before, ago=2 * HOUR)
        tried(report, *["served"] * 100, ago=2 * HOUR, tier="made again")
        rates.watch()
        assert open_rules() == raised

    def test_the_hours_are_told_apart_to_the_second(self, report: Report) -> None:
        tried(report, *["missing"] * 5, ago=HOUR + timedelta(seconds=1))
        tried(report, *["served"] * 5, ago=HOUR + timedelta(seconds=1), tier="made again")
        tried(report, *["missing"] * 5, ago=HOUR + DAY + timedelta(seconds=1))
        rates.watch()
        assert open_rules() == []

    def test_a_download_that_met_it_in_two_tiers_counts_once(self, report: Report) -> None:
        tried(report, *["missing"] * 4, tier="client")
        tried(report, *["missing"] * 4, tier="old folder")
        tried(report, *["served"] * 4, tier="made again")
        rates.watch()
        assert open_rules() == []

    def test_the_alert_goes_when_the_share_has_fallen(self, report: Report) -> None:
        tried(report, *["missing"] * 5)
        tried(report, *["served"] * 5, tier="made again")
        rates.watch()
        rates.watch()
        (alert,) = alerts.open_alerts()
        assert alert.count == 2
        tried(report, *["served"] * 46)
        rates.watch()
        assert open_rules() == []
        assert db.session.scalars(select(Alert.resolved_at)).all() == [NOON]

    def test_the_alert_stays_while_the_share_is_high_and_while_nobody_downloads(self, report: Report) -> None:
        tried(report, *["missing"] * 5, ago=HOUR / 2)
        tried(report, *["served"] * 5, ago=HOUR / 2, tier="made again")
        rates.watch()
        with clock.stopped_at(NOON + HOUR):
            rates.watch()
            assert open_rules() == ["downloads-missing"]
            for outcome, tier in (("missing", "client"), ("served", "made again")):
                tried(report, outcome, ago=-HOUR, tier=tier)
            rates.watch()
            assert open_rules() == ["downloads-missing"]

    def test_the_tick_watches(self, report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jobs, "sweep", lambda: None)
        tried(report, *["missing"] * 5)
        tried(report, *["served"] * 5, tier="made again")
        jobs.tick()
        assert open_rules() == ["downloads-missing"]
