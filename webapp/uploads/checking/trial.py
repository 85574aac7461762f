"""A dry run in the making: what is left of each draft, whose it is, and what was found so far."""

from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from webapp import clock, words
from webapp.content.vitals import daily
from webapp.models import Clinic
from webapp.uploads.checking.findings import Choices, ScaleChange, Subject, Unknowns
from webapp.uploads.checking.names import Name
from webapp.uploads.checking.records import day_of, mrn_key, same_moment
from webapp.uploads.drafts import Drafted, Fault, Outcome, Reading

YEARS = range(1900, 2200)
"""In which a reading can have been taken, far from the ends of the calendar."""


class Trial:
    """`days` is the day on which each draft was measured, on the clinic's clock, and `same` what it shares with others
    of the same moment. `whose` gives for each draft the place of its patient in `subjects`, None where it is left out;
    `died` the day on which each of the subjects died, as far as that is on record. `kept` are the places of each
    draft's readings that are still to be used; `known` of some of them the ids of the measurements on record that say
    the same, and `rescored` the SpO2 scale that some of those get. `twice` are readings that the sheet has said before.
    `scale_changes` has the drafts of each patient whom the sheet gives another SpO2 scale than the record."""

    def __init__(self, drafted: Drafted, clinic: Clinic, choices: Choices, columns: dict[str, int]) -> None:
        self.clinic_id, self.zone, self.zone_name = clinic.id, ZoneInfo(clinic.timezone), clinic.timezone
        self.choices, self._columns = choices, columns
        self._chosen = {mrn_key(mrn): choice for mrn, choice in choices.by_mrn.items()}
        self._names = {mrn_key(mrn): name for mrn, name in choices.names.items()}
        self.now, self.today = clock.now(), clock.today(clinic.timezone)
        self.drafts = drafted.drafts
        # Of a draft without a time, or with one that can be no time of ours, nothing is asked that needs one.
        times = [draft.at if draft.at and draft.at.year in YEARS else date.min for draft in self.drafts]
        self.days = [day_of(moment, self.zone) for moment in times]
        self.same = [same_moment(moment) for moment in times]
        self.faults: list[Fault] = []
        self.subjects: list[Subject] = []
        self.died: list[date | None] = []
        self.whose: list[int | None] = [None] * len(self.drafts)
        self.is_out = [False] * len(self.drafts)
        self.kept = [dict.fromkeys(range(len(draft.readings))) for draft in self.drafts]
        self.known: dict[tuple[int, int], int] = {}
        self.twice: set[tuple[int, int]] = set()
        self.rescored: dict[int, int] = {}
        self.scale_changes: list[tuple[list[int], ScaleChange]] = []
        self._of_patients: list[tuple[list[int], str, str, str, str]] = []

    def choice(self, mrn: str, *, is_like_another: bool) -> Unknowns:
        """What becomes of an MRN that is not on record. One that is like another is never added with all others."""
        usual: Unknowns = "leave out" if is_like_another else self.choices.unknown
        return self._chosen.get(mrn_key(mrn), usual)

    def name_of(self, mrn: str) -> Name:
        """The name that somebody gave an MRN."""
        return self._names.get(mrn_key(mrn), ("", ""))

    def going(self) -> list[int]:
        """The places of the drafts that are not left out."""
        return [at for at, is_out in enumerate(self.is_out) if not is_out]

    def leave_out(self, at: int, kind: str, reason: str, *, given: str = "", column: str = "") -> None:
        """A draft with all of its rows; `column` is "mrn" or "name", where that is what is wrong."""
        self.is_out[at] = True
        self.kept[at].clear()
        for row in self.drafts[at].rows:
            self.faults.append(Fault(row, self._columns.get(column), kind, given, reason, "rows left out"))

    def note(self, at: int, kind: str, reason: str, *, given: str = "", column: str = "") -> None:
        """Something about a draft that is used all the same, at its first row."""
        row = self.drafts[at].rows[0]
        self.faults.append(Fault(row, self._columns.get(column), kind, given, reason, "noted"))

    def note_patient(self, drafts: list[int], kind: str, reason: str, *, given: str = "", column: str = "") -> None:
        """Something about a patient, to be noted at the first of these drafts of which anything is used in the end: of
        a patient of whom nothing is, there is nothing to tell."""
        self._of_patients.append((drafts, kind, reason, given, column))

    def is_used(self, drafts: Iterable[int]) -> bool:
        return any(self.kept[at] for at in drafts)

    def tell_of_patients(self) -> None:
        """Note what was to be noted of patients, now that it is known of whom anything is used."""
        for drafts, kind, reason, given, column in self._of_patients:
            at = next((at for at in drafts if self.kept[at]), None)
            if at is not None:
                self.note(at, kind, reason, given=given, column=column)

    def note_sheet(self, kind: str, reason: str) -> None:
        self.faults.append(Fault(None, None, kind, "", reason, "noted"))

    def drop(self, at: int, place: int, kind: str, reason: str, outcome: Outcome = "value left out") -> None:
        """A reading of a draft."""
        self.kept[at].pop(place, None)
        self.known.pop((at, place), None)
        self.at_reading(at, place, kind, reason, outcome)

    def at_reading(self, at: int, place: int, kind: str, reason: str, outcome: Outcome = "noted") -> None:
        one = self.drafts[at].readings[place]
        self.faults.append(Fault(one.row, one.column, kind, one.given, reason, outcome))

    def moment(self, at: datetime | date) -> str:
        return words.moment(at, self.zone_name) if isinstance(at, datetime) else words.day(at)


def row(index: int) -> str:
    """ "row 7", as the sheet counts."""
    return f"row {index + 1}"


def rows(indexes: Iterable[int]) -> str:
    """ "row 7", "rows 3 and 7"; of many the first ones."""
    numbers = sorted({index + 1 for index in indexes})
    if len(numbers) == 1:
        return f"row {numbers[0]}"
    told = [f"{number}" for number in numbers[:5]]
    return f"rows {words.listed([*told, f'{len(numbers) - 5} more'] if len(numbers) > 5 else told)}"


LABELS = {name: measure.label for name, measure in daily.NUMBERS.items()} | {
    daily.OXYGEN_GIVEN: "Oxygen given",
    daily.CONSCIOUSNESS: "Consciousness",
}


def figure(measure: str, value: float | None, word: str = "") -> str:
    """A reading in our unit: "36.8 °C", "15 L/min", "alert"."""
    if value is None:
        return word
    if measure == daily.OXYGEN_GIVEN:
        return f"{value:g} L/min"
    unit = daily.NUMBERS[measure].unit
    whole, _, part = words.number(value, 2).partition(".")
    told = f"{whole}.{part.rstrip('0')}".rstrip(".")
    return f"{told} {'a minute' if unit == 'per minute' else unit}"


def as_given(reading: Reading) -> str:
    """What the cell says, and what that is in our unit where it is another."""
    ours = figure(reading.measure, reading.value, reading.word)
    return f"{reading.given} ({ours})" if reading.converted and reading.given else ours
