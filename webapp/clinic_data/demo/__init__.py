"""Two invented clinics with three years behind them, so that every report has something to say.

places      the two clinics, as data            medicine    conditions, procedures and vital signs, as data
year        open days, seasons, hours           people      households and their health
history     the day-by-day life of one clinic   vitals, voices   what is measured, what is said
rows        the rows on their way to the database
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select

from webapp import audit, clock
from webapp.clinic_data.demo.history import History
from webapp.clinic_data.demo.places import PLACES
from webapp.clinic_data.demo.rows import Rows
from webapp.extensions import db
from webapp.models import Clinic, Patient, Visit

YEARS = 3
SEED = 20


class DemoRefused(ValueError):
    """The demo clinics cannot be loaded; the text says why."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What `load_demo` did. `fresh` is False where the clinics were there already."""

    fresh: bool
    patients: int
    visits: int


def load_demo(*, end: date | None = None, seed: int = SEED) -> Loaded:
    """Add the demo clinics to the running transaction, unless they are there.

    `end` is the last day with visits, by default yesterday in each clinic's zone; the demo begins three years before.
    The same seed and end give the same rows. Raises DemoRefused for an end that is not over yet, or where another
    clinic has the name of a demo clinic.
    """
    if _are_there():
        return _loaded(fresh=False)
    rows = Rows()
    # Whoever loaded them at the same moment has committed by now, or we would still be waiting for the lock.
    if _are_there():
        return _loaded(fresh=False)
    for place in PLACES:
        last = end or clock.today(place.timezone) - timedelta(days=1)
        if last >= clock.today(place.timezone):
            raise DemoRefused(
                f"The demo must end before today, so that no visit lies in the future; {last} is too late."
            )
        start = last.replace(year=last.year - YEARS, day=min(last.day, 28)) + timedelta(days=1)
        clinic = rows.add(
            Clinic,
            name=place.name,
            timezone=place.timezone,
            paper=place.paper,
            is_demo=True,
            added_at=datetime.combine(start, time(), UTC),
        )
        History(place, clinic["id"], start, last, seed, rows).live()
    rows.insert()
    audit.record("demo.loaded", "clinics:demo", seed=seed, patients=len(rows.of[Patient]), visits=len(rows.of[Visit]))
    return _loaded(fresh=True)


def _are_there() -> bool:
    """Raises DemoRefused where another clinic has the name of a demo clinic."""
    there = db.session.scalars(select(Clinic).where(Clinic.name.in_([place.name for place in PLACES]))).all()
    for clinic in there:
        if not clinic.is_demo:
            raise DemoRefused(f"There is a clinic called {clinic.name} already, which is no demo clinic.")
    return bool(there)


def _loaded(*, fresh: bool) -> Loaded:
    demo = select(Clinic.id).where(Clinic.is_demo)
    patients = select(func.count()).select_from(Patient).where(Patient.clinic_id.in_(demo))
    visits = select(func.count()).select_from(Visit).where(Visit.clinic_id.in_(demo))
    return Loaded(fresh, db.session.scalar(patients) or 0, db.session.scalar(visits) or 0)
