"""Can what a report withholds be worked out from what it publishes? Tried on every template."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
from webapp.figures import SUPPRESSED, Content, freeze
from webapp.models import Clinic

SIZES = [5, 15, 30, 60, 90] * 20

TRIED = 25
"""Reports of each template that are attacked."""

SMALL = 40
"""Counts of a report with which there may be nothing to work out: one with more has many relations, and where these do
not betray a count that is badly withheld, the attack is none."""


@dataclass(frozen=True)
class Studied:
    """`tried` has some of the reports with a threshold, and as they are published with it."""

    reports: list[Content]
    knowledge: Knowledge
    tried: list[tuple[Content, int, Content]]

    @property
    def is_small(self) -> bool:
        return max(len(attack.counts_of(whole)) for whole in self.reports) <= SMALL


@pytest.fixture(scope="module")
def clinics(app_on_sqlite: Flask) -> Iterator[list[Clinic]]:
    with app_on_sqlite.app_context():
        yield add_random_clinics(SIZES, seed=4)


@pytest.fixture(scope="module")
def studied(clinics: list[Clinic]) -> dict[str, Studied]:
    """For each template the reports of as many clinics as teach something, and what was learnt from them."""
    found = {}
    for template in CATALOGUE:
        seen: list[Content] = []
        knowledge = attack.study(_reports(template, clinics, seen))
        # As much as the others: the attack needs no more than a few of each size.
        tried = [(whole, 10 if at % 2 else 5) for at, whole in enumerate(seen[:TRIED])]
        found[template] = Studied(
            seen, knowledge, [(whole, below, _published(template, whole, below)) for whole, below in tried]
        )
    return found


def _published(template: str, whole: Content, threshold: int) -> Content:
    return suppression.protect(whole, threshold, CATALOGUE[template].ties)


def _reports(template: str, clinics: list[Clinic], seen: list[Content]) -> Iterator[Content]:
    for clinic in clinics:
        asked = Question(template, clinic.id, "UTC", date(2026, 10, 1), date(2026, 10, 31))
        with snapshot() as connection:
            seen.append(content.build(connection, asked))
        yield seen[-1]


def _found_out(knowledge: Knowledge, whole: Content, published: Content, threshold: int) -> set[Address]:
    """Counts worked out, without those that are no secret: a difference may be the same as a count that is published, a
    sparkline is left out for one of its figures, and a note also where its number only looks like one withheld."""
    counts = attack.counts_of(whole)
    return {
        address
        for address in attack.recovered(knowledge, whole, published)
        if not {"change", "trend"}.intersection(address)
        and not (address[0] == "note" and isinstance(cell := counts[address], int) and cell >= threshold)
    }


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_no_withheld_count_can_be_worked_out_by_linear_algebra(studied: dict[str, Studied], template: str) -> None:
    known = studied[template]
    assert len(known.knowledge.relations) > 10 or known.is_small
    for whole, threshold, published in known.tried:
        assert not _found_out(known.knowledge, whole, published, threshold), (whole.rows, threshold)


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_the_attack_succeeds_where_nothing_but_small_counts_is_withheld(
    studied: dict[str, Studied], template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def only_small(system: System, threshold: int) -> frozenset[int]:
        return frozenset(number for number, value in enumerate(system.values) if 0 < value < threshold)

    monkeypatch.setattr(complement, "withheld", only_small)
    known = studied[template]
    tried = [whole for whole, _, _ in known.tried[:10]]
    found = [_found_out(known.knowledge, whole, _published(template, whole, 5), 5) for whole in tried]
    assert len(list(filter(None, found))) > 3 or known.is_small


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_no_withheld_count_can_be_worked_out_from_a_rate(studied: dict[str, Studied], template: str) -> None:
    known = studied[template]
    ratios = attack.ratios(known.reports)
    for whole, threshold, published in known.tried:
        assert not attack.betrayed_by_rates(ratios, published), (whole.rows, threshold)


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_no_small_count_is_published(studied: dict[str, Studied], template: str) -> None:
    for whole, threshold, published in studied[template].tried:
        assert not _small(published, threshold)
        told = attack.counts_of(published).values()
        assert SUPPRESSED in told or not _small(whole, threshold), (whole.rows, threshold)


def _small(content: Content, threshold: int) -> list[Address]:
    """The counts that must be withheld."""
    return [
        address
        for address, cell in attack.counts_of(content).items()
        if isinstance(cell, int) and 0 < cell < threshold and not {"change", "note"}.intersection(address)
    ]


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_the_same_report_is_protected_in_the_same_way(studied: dict[str, Studied], template: str) -> None:
    for whole, threshold, published in studied[template].tried[:2]:
        assert freeze(_published(template, whole, threshold)) == freeze(published)


@pytest.mark.parametrize("template", list(CATALOGUE))
def test_what_a_template_declares_names_what_its_reports_have(studied: dict[str, Studied], template: str) -> None:
    """A column or headline figure by another name would tie nothing, and nobody would notice."""
    reports = studied[template].reports
    metrics = {metric.key for report in reports for metric in report.metrics}
    columns: dict[str, set[str]] = {}
    for table in (table for report in reports for section in report.sections for table in section.tables):
        columns.setdefault(table.key, set()).update(column.key for column in table.columns)
    for place in (place for tie in CATALOGUE[template].ties for place in re.split(" = | \\+ | <- ", tie)):
        name, one, *others = place.split(":")
        assert name == "rows" or (one in metrics if name == "metric" else {*others} <= columns.get(name, {*others})), (
            place
        )
