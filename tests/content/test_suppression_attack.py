"""Can what a report withholds be worked out from what it publishes? Tried on every template."""

from collections.abc import Iterator
from datetime import date

import pytest
from flask import Flask

from tests.content import attack
from tests.content.attack import Address, Knowledge
from tests.content.random_clinic import add_random_clinics
from webapp import content
from webapp.content import CATALOGUE, Question, suppression
from webapp.content.suppression import complement
from webapp.content.suppression.relations import System
from webapp.extensions import snapshot
from webapp.figures import SUPPRESSED, Content, as_plain
from webapp.models import Clinic

THRESHOLDS = (5, 10)
SIZES = [5, 9, 15, 25, 40, 60] * 16


@pytest.fixture(scope="module")
def clinics(app_on_sqlite: Flask) -> Iterator[list[Clinic]]:
    with app_on_sqlite.app_context():
        yield add_random_clinics(SIZES, seed=4)


@pytest.fixture(scope="module")
def studied(clinics: list[Clinic]) -> dict[str, tuple[list[Content], Knowledge]]:
    """For each template the reports of as many clinics as teach something, and what was learnt from them."""
    found = {}
    for template in CATALOGUE:
        seen: list[Content] = []
        found[template] = (seen, attack.study(_reports(template, clinics, seen)))
    return found


def _reports(template: str, clinics: list[Clinic], seen: list[Content]) -> Iterator[Content]:
    for clinic in clinics:
        asked = Question(template, clinic.id, "UTC", date(2026, 10, 1), date(2026, 10, 31))
        with snapshot() as connection:
            seen.append(content.build(connection, asked))
        yield seen[-1]


Studied = dict[str, tuple[list[Content], Knowledge]]


def _found_out(knowledge: Knowledge, whole: Content, threshold: int) -> set[Address]:
    """Counts worked out, without those that are no secret: a difference may be the same as a count that is published, a
    sparkline is left out for one of its figures, and a note also where its number only looks like one withheld."""
    counts = attack.counts_of(whole)
    return {
        address
        for address in attack.recovered(knowledge, whole, suppression.protect(whole, threshold))
        if not {"change", "trend"}.intersection(address)
        and not (address[0] == "note" and isinstance(cell := counts[address], int) and cell >= threshold)
    }


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_no_withheld_count_can_be_worked_out_by_linear_algebra(studied: Studied, template: str) -> None:
    reports, knowledge = studied[template]
    assert len(knowledge.relations) > 10
    for whole in reports:
        for threshold in THRESHOLDS:
            assert not _found_out(knowledge, whole, threshold), (whole.rows, threshold)


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_the_attack_succeeds_where_nothing_but_small_counts_is_withheld(
    studied: Studied, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_small(system: System, threshold: int) -> frozenset[int]:
        return frozenset(number for number, value in enumerate(system.values) if 0 < value < threshold)

    monkeypatch.setattr(complement, "withheld", only_small)
    reports, knowledge = studied[template]
    assert sum(bool(_found_out(knowledge, whole, 5)) for whole in reports) > len(reports) // 3


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_no_withheld_count_can_be_worked_out_from_a_rate(studied: Studied, template: str) -> None:
    reports, _ = studied[template]
    known = attack.ratios(reports)
    for whole in reports:
        for threshold in THRESHOLDS:
            betrayed = attack.betrayed_by_rates(known, suppression.protect(whole, threshold))
            assert not betrayed, (whole.rows, threshold)


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_no_small_count_is_published(studied: Studied, template: str) -> None:
    reports, _ = studied[template]
    for whole in reports:
        told = attack.counts_of(suppression.protect(whole, 10))
        counted = {address: cell for address, cell in told.items() if not {"change", "note"}.intersection(address)}
        assert not [address for address, cell in counted.items() if isinstance(cell, int) and 0 < cell < 10]
        assert SUPPRESSED in told.values()


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_protecting_twice_gives_the_same(studied: Studied, template: str) -> None:
    reports, _ = studied[template]
    for whole in reports[:6]:
        assert as_plain(suppression.protect(whole, 5)) == as_plain(suppression.protect(whole, 5))
