"""When it was measured: not in the future, not before birth; what is long ago or after death is told."""

from datetime import date, datetime, timedelta

from webapp import words
from webapp.uploads.checking.findings import Subject
from webapp.uploads.checking.trial import YEARS, Trial

OLD, VERY_OLD = timedelta(days=31), timedelta(days=365)
"""How long before the newest reading of the sheet, or before today, a reading is told to be old. Ours."""


def check_times(trial: Trial) -> None:
    """Leave out what cannot have been measured yet, or was not read."""
    told_rows = {fault.row for fault in trial.faults}
    for at in trial.going():
        moment = trial.drafts[at].at
        if moment is None:
            if told_rows.issuperset(trial.drafts[at].rows):
                trial.is_out[at] = True
                trial.kept[at].clear()
            else:
                trial.leave_out(at, "unreadable time", "The row does not tell when this was measured.")
        elif moment.year not in YEARS:
            told_day = f"{moment.year:04}-{moment.month:02}-{moment.day:02}"
            trial.leave_out(at, "impossible time", f"{told_day} can be no day of a reading.", given=told_day)
        elif moment > (trial.now if isinstance(moment, datetime) else trial.today):
            # What time it is now is not told: the next dry run would else say something new each minute.
            told = trial.moment(moment)
            trial.leave_out(at, "future time", f"{told} is still to come.", given=told)
    _tell_of_old(trial)


def _tell_of_old(trial: Trial) -> None:
    days = {at: trial.days[at] for at in trial.going()}
    newest = max(days.values(), default=trial.today)
    for at, day in days.items():
        if max(trial.today - VERY_OLD, newest - OLD) <= day:
            continue
        told = trial.moment(trial.drafts[at].at or day)
        if trial.today - day > VERY_OLD:
            trial.note(at, "old reading", f"{told} is more than a year ago. Used; check the date.", given=told)
        else:
            trial.note(
                at, "old reading", f"{told} is {words.plural((newest - day).days, 'day')} before the newest reading of "
                "the sheet. Used; check the date.", given=told,
            )  # fmt: skip


def check_lives(trial: Trial) -> None:
    """Leave out what was measured before a birth; tell of what was measured after a death."""
    births = list(map(_born, trial.subjects))
    for at in trial.going():
        whose = trial.whose[at]
        assert whose is not None
        day, born, died = trial.days[at], births[whose], trial.died[whose]
        if not ((born and day < born) or (died and day > died)):
            continue
        told = trial.moment(trial.drafts[at].at or day)
        if born and day < born:
            trial.leave_out(
                at, "impossible time", f"{told} is before the patient was born: {words.day(born)}.", given=told
            )  # fmt: skip
        elif died:
            trial.note(
                at, "patient who has died", f"By the record this patient died on {words.day(died)}, before {told}. "
                "Used, but look at once whether this is the right patient.", given=told,
            )  # fmt: skip


def _born(subject: Subject) -> date | None:
    """The first day on which the patient can have been born."""
    return subject.born or next(
        (date.fromisoformat(value) for column, value in subject.fills if column == "birth_date"), None
    )
