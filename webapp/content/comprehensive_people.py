"""How many patients the clinic had, and how many of them were active, month after month.

Of a patient's visits three days tell all: the last one up to the end of the first step, and the first one after it. The
12 months up to a step's end begin before that day and end on it or after it, so that they hold a visit where they hold
one of these two. The third is any day in the 12 months up to the end of the earlier period.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from webapp.content import periods
from webapp.content.counting import ordinal
from webapp.content.id_lists import ids, marks, places, read
from webapp.content.periods import Period
from webapp.content.question import Question
from webapp.models import Patient

_NO_DAY = 0
_ALWAYS = date.max.toordinal() + 1


_Key = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Patients:
    """Patients on the books, and those of them with a visit in the 12 months up to the last day."""

    known: int = 0
    active: int = 0


class Visitors:
    """On which of the days that matter each patient came."""

    def __init__(self, connection: Connection, question: Question, steps: Sequence[Period]) -> None:
        self._connection, self._question, self._steps = connection, question, steps
        self._earlier = periods.year_up_to(question.earlier[1])
        self._last_old, self._first_new = places(connection, Patient, _NO_DAY), places(connection, Patient, _ALWAYS)
        self._came_earlier = marks(connection, Patient)

    @property
    def since(self) -> date:
        """The first of the days that matter."""
        return min(self._earlier[0], periods.year_up_to(self._steps[0][1])[0])

    def add(self, day: date, patients: Sequence[int]) -> None:
        """Patients with a visit on that day; the days in their order."""
        number, last_old, first_new, came_earlier = day.toordinal(), self._last_old, self._first_new, self._came_earlier
        if day <= self._steps[0][1]:
            for patient in patients:
                last_old[patient] = number
        else:
            for patient in patients:
                if first_new[patient] == _ALWAYS:
                    first_new[patient] = number
        if self._earlier[0] <= day <= self._earlier[1]:
            for patient in patients:
                came_earlier[patient] = 1

    def patients(self) -> tuple[Patients, ...]:
        """Of the period, of the earlier one, and of each step."""
        of = (self._question.days, self._question.earlier, *self._steps)
        begins, ends = sorted({start for start, _ in of}), sorted({end for _, end in of})
        years = [periods.year_up_to(end)[0] for _, end in self._steps]
        alike = self._alike(begins, ends, years)

        def on_the_books(period: Period, registered: int, died: int) -> bool:
            return registered <= ends.index(period[1]) and died > begins.index(period[0])

        counts = [[0, 0] for _ in of]
        for (registered, died, old, new, earlier), number in alike.items():
            for at, (period, found) in enumerate(zip(of, counts, strict=True)):
                step = len(self._steps) - 1 if at == 0 else at - 2
                is_active = bool(earlier) if at == 1 else old > step or new <= step
                if on_the_books(period, registered, died):
                    found[0] += number
                    found[1] += number * is_active
        return tuple(Patients(*found) for found in counts)

    def _alike(self, begins: Sequence[date], ends: Sequence[date], years: Sequence[date]) -> Counter[_Key]:
        """Patients by: how many of `ends` they registered after, how many of `begins` they died not before, how many of
        `years` had begun when they came last, how many steps were over when they came first, whether they came
        earlier."""
        first_days, last_days, begun = ([day.toordinal() for day in days] for days in (begins, ends, years))
        over = [end.toordinal() for _, end in self._steps]
        registered_on = func.coalesce(ordinal(Patient.registered_on), _NO_DAY)
        deceased_on = func.coalesce(ordinal(Patient.deceased_on), _ALWAYS)
        query = select(ids(Patient.id), ids(registered_on), ids(deceased_on))
        alike: Counter[_Key] = Counter()
        for patients, registered, died in self._connection.execute(
            query.where(Patient.clinic_id == self._question.clinic_id)
        ):
            alike.update(
                (
                    bisect_left(last_days, came),
                    bisect_left(first_days, went + 1),
                    bisect_left(begun, self._last_old[patient] + 1),
                    bisect_left(over, self._first_new[patient]),
                    self._came_earlier[patient],
                )
                for patient, came, went in zip(read(patients), read(registered), read(died), strict=True)
            )
        return alike
