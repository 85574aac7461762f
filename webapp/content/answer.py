"""What the answers of all templates know of their question."""

from datetime import date

from webapp.content import coverage, periods
from webapp.content.periods import Period
from webapp.content.question import Question

THE_PERIOD_BEFORE = "the period before"
A_YEAR_EARLIER = "a year earlier"


def earlier_name(question: Question) -> str:
    """What the period that a question compares with is called in a title."""
    return A_YEAR_EARLIER if question.compare == "year" else THE_PERIOD_BEFORE


class OfPeriod:
    """An answer about the days of `question`, at a clinic whose records begin on that day; None: it has none."""

    __slots__ = ()

    question: Question
    records_begin: date | None

    @property
    def period(self) -> Period:
        return self.question.days

    @property
    def earlier(self) -> Period:
        """The period to compare with."""
        return self.question.earlier

    @property
    def earlier_name(self) -> str:
        """What the earlier period is called in a title."""
        return earlier_name(self.question)

    @property
    def is_compared(self) -> bool:
        """Whether there are records of the earlier period."""
        return coverage.is_in_part(self.earlier, self.records_begin)

    @property
    def when(self) -> str:
        """When, inside a sentence."""
        return periods.within(*self.period)
