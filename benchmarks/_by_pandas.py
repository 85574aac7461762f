"""The main figures of each template, counted by pandas from the rows that the template is about.

What each function gives is compared with the report: a key such as "patients" is a headline figure, "months.all" the
column `all` of the table `months`, from its first row to its last, without the total. All are for one clinic, a period
of 12 whole months and no filters.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from webapp.content.question import Question

Found = dict[str, Any]

HAPPENED = "status NOT IN ('planned', 'cancelled', 'entered-in-error')"
HELD = "(verification_status IS NULL OR verification_status NOT IN ('refuted', 'entered-in-error'))"
VITALS = ["8867-4", "9279-1", "2708-6", "59408-5", "8310-5", "8331-1", "39156-5", "8480-6", "8462-4"]
AGES = [0, 5, 15, 25, 45, 65, 200]
SUCCEEDED = ["successful", "improved"]
NAMED = 10


class Rows:
    """The clinic's rows in data frames, and the days that are asked about."""

    def __init__(self, connection: Connection, question: Question) -> None:
        self.connection = connection
        self.since, self.start, self.end = map(pd.Timestamp, (question.earlier[0], question.start, question.end))
        moments = {"since": self.since, "start": self.start, "end": self.end}
        self.given = {name: f"{day:%Y-%m-%d}" for name, day in moments.items()} | {"clinic": question.clinic_id}

    def read(self, columns: str, rest: str, days: str = "") -> pd.DataFrame:
        """SELECT `columns` FROM `rest`, of which `days` are days or moments. `rest` may name :clinic, :since (the
        first day of the earlier period), :start and :end."""
        query = text(f"SELECT {columns} FROM {rest}")
        given = {name: value for name, value in self.given.items() if f":{name}" in query.text}
        return pd.read_sql(query, self.connection, params=given, parse_dates=days.split())

    def visits(self, columns: str, days: str = "local_day", where: str = "local_day BETWEEN :since AND :end") -> Any:
        return self.read(columns, f"visits WHERE clinic_id = :clinic AND {HAPPENED} AND {where}", days)

    def by_month(self, counts: pd.DataFrame | pd.Series) -> Any:
        """By the number of the month: in the order of the 12 months asked about."""
        return counts.reindex([(self.start.month + step - 1) % 12 + 1 for step in range(12)])

    def in_period(self, frame: pd.DataFrame, day: str = "local_day") -> pd.DataFrame:
        return frame[frame[day] >= self.start]

    def people(self) -> pd.DataFrame:
        """Whoever is on the books, with their age band on the last day."""
        people = self.read(
            "id, sex, birth_date, registered_on",
            "patients WHERE clinic_id = :clinic AND (registered_on IS NULL OR registered_on <= :end) "
            "AND (deceased_on IS NULL OR deceased_on >= :start)",
            "birth_date registered_on",
        )
        people["age"] = (_number(self.end) - _numbers(people.birth_date)) // 10_000
        people["band"] = pd.cut(people.age, AGES, right=False, labels=False)
        return people

    def overdue(self) -> pd.DataFrame:
        """Follow-ups due before the last day and not done by then, of patients who had not died by then."""
        due = self.read(
            "follow_up_due_on AS due, follow_up_done_on AS done, deceased_on AS died",
            "treatments JOIN patients ON patients.id = treatments.patient_id "
            "WHERE treatments.clinic_id = :clinic AND follow_up_due_on < :end",
            "due done died",
        )
        return due[~(due.done <= self.end) & ~(due.died <= self.end)]


def patient_summary(rows: Rows) -> Found:
    people, visits = rows.people(), rows.visits("patient_id, local_day")
    now = rows.in_period(visits)
    known_before = people[~(people.registered_on >= rows.start)].id
    before = visits[(visits.local_day < rows.start) & visits.patient_id.isin(known_before)]
    times, times_before = now.patient_id.value_counts(), before.patient_id.value_counts()
    people["active"] = people.id.isin(times.index)
    by_sex = pd.crosstab(people.band, people.sex)
    often = times.groupby(times.clip(upper=5)).agg(["size", "sum"])
    new = rows.in_period(people, "registered_on").registered_on.dt.month
    return {
        "patients": len(people),
        "active": people.active.sum(),
        "new": len(new),
        "median_age": people.age.median(),
        "ages.female": by_sex.female,
        "ages.all": by_sex.sum(axis=1),
        "active.active": people.groupby("band").active.sum(),
        "registrations.new": rows.by_month(new.value_counts()),
        "visits.patients": often["size"],
        "visits.all": often["sum"],
        "visits_a_patient.patients": [len(times_before), len(times)],
        "visits_a_patient.median": [times_before.median(), times.median()],
    }


def visit_trends(rows: Rows) -> Found:
    visits = rows.visits("kind, local_day, local_weekday, local_hour")
    now = rows.in_period(visits)
    before = visits.drop(now.index)
    months = rows.by_month(pd.crosstab(now.local_day.dt.month, now.kind))
    weekdays = pd.crosstab(now.local_weekday, now.kind)
    hours = pd.crosstab(now.local_weekday, now.local_hour)
    return {
        "visits": len(now),
        "medical_visits": (now.kind == "medical").sum(),
        "dental_visits": (now.kind == "dental").sum(),
        "months.medical": months.medical,
        "months.dental": months.dental,
        "months.days": rows.by_month(now.groupby(now.local_day.dt.month).local_day.nunique()),
        "weekdays.medical": weekdays.medical,
        "weekdays.dental": weekdays.dental,
        "weekdays.days": now.groupby("local_weekday").local_day.nunique(),
        "compared_before.then": [*before.kind.value_counts().reindex(["medical", "dental"]), len(before)],
    } | {f"hours.h{hour:02}": hours[hour] for hour in hours}


def treatment_outcomes(rows: Rows) -> Found:
    given = rows.read(
        "t.patient_id, t.name, t.outcome, t.performed_on, d.name AS diagnosis",
        "treatments t LEFT JOIN diagnoses d ON d.id = t.diagnosis_id "
        "WHERE t.clinic_id = :clinic AND t.performed_on BETWEEN :since AND :end",
        "performed_on",
    )
    now, found, overdue = rows.in_period(given, "performed_on"), _diagnoses(rows), rows.overdue()
    days_late = pd.cut((rows.end - overdue.due).dt.days, [0, 7, 30, 90, 365, 10**6])
    outcomes = _commonest(pd.crosstab(now.diagnosis, now.outcome))
    known = now[now.outcome != "unknown"]
    succeeded = known.outcome.isin(SUCCEEDED)
    again = _again(rows.visits("patient_id, kind, local_day"))
    again, again_before = (
        some.groupby("kind")[["followed", "again"]].sum().loc[["medical", "dental"]]
        for some in (rows.in_period(again), again[again.local_day < rows.start])
    )
    return {
        "treatments": len(now),
        "success_rate": 100 * succeeded.mean(),
        "overdue": len(overdue),
        "came_again": 100 * again.again.sum() / again.followed.sum(),
        "outcomes.successful": outcomes.successful,
        "outcomes.all": outcomes.sum(axis=1),
        "treatments.records": _top(now.name),
        "diagnoses.records": _top(rows.in_period(found, "recorded_on").name),
        "months.all": rows.by_month(now.performed_on.dt.month.value_counts()),
        "months.succeeded": rows.by_month(succeeded.groupby(known.performed_on.dt.month).sum()),
        "delays.count": days_late.value_counts(sort=False),
        "revisits.followed": again.followed,
        "revisits.again": again.again,
        "rates_compared.then": [
            100 * _share(given.drop(now.index).outcome),
            100 * again_before.again.sum() / again_before.followed.sum(),
        ],
    }


def feedback_analysis(rows: Rows) -> Found:
    said = rows.read(
        "visit_id, category, rating, local_day, submitted_at, responded_at",
        "feedback WHERE clinic_id = :clinic AND local_day BETWEEN :since AND :end",
        "local_day submitted_at responded_at",
    )
    visits = rows.visits("id, kind", "", "local_day BETWEEN :start AND :end")
    now = rows.in_period(said)
    waited = (now.responded_at - now.submitted_at).dt.total_seconds() / 86_400
    waits = pd.cut(waited, [0, 1, 3, 7, 10**6], right=False).value_counts(sort=False, dropna=False)
    months = rows.by_month(now.groupby(now.local_day.dt.month).rating.agg(["size", "mean"]))
    kinds = visits.assign(named=visits.id.isin(now.visit_id)).groupby("kind").named.agg(["size", "sum"])
    return {
        "responses": len(now),
        "mean": now.rating.mean(),
        "positive": 100 * (now.rating >= 4).mean(),
        "answered_soon": 100 * (waited < 3).mean(),
        "ratings.responses": now.rating.value_counts().sort_index(ascending=False),
        "months.responses": months["size"],
        "months.mean": months["mean"],
        "categories.all": _top(now.category),
        "waits.responses": waits,
        "visits.visits": kinds["size"].sort_index(ascending=False),
        "visits.named": kinds["sum"].sort_index(ascending=False),
    }


def comprehensive(rows: Rows) -> Found:
    people, found, overdue = rows.people(), _diagnoses(rows), rows.overdue()
    visits = rows.visits(
        "patient_id, provider_id, kind, local_day, started_at, ended_at", "local_day started_at ended_at"
    )
    given = rows.read(
        "outcome, performed_on",
        "treatments WHERE clinic_id = :clinic AND performed_on BETWEEN :start AND :end",
        "performed_on",
    )
    ratings = rows.read("rating", "feedback WHERE clinic_id = :clinic AND local_day BETWEEN :start AND :end").rating
    registered = rows.in_period(people, "registered_on").registered_on
    visits["known"] = visits.patient_id.map(people.set_index("id").registered_on)
    ends = [rows.start + pd.DateOffset(months=step, days=-1) for step in range(1, 13)]
    active = [
        visits[visits.local_day.between(end - pd.DateOffset(years=1, days=-1), end) & ~(visits.known > end)]
        for end in ends
    ]
    now = rows.in_period(visits)
    periods = [visits.drop(now.index), now]
    minutes = [(some.ended_at - some.started_at).dt.total_seconds().median() / 60 for some in periods]
    by_outcome = rows.by_month(pd.crosstab(given.performed_on.dt.month, given.outcome))
    return {
        "visits": len(now),
        "patients": len(people),
        "active": active[-1].patient_id.nunique(),
        "active.trend": [some.patient_id.nunique() for some in active],
        "new": len(registered),
        "mean_rating": ratings.mean(),
        "success_rate": 100 * _share(given.outcome),
        "overdue": len(overdue),
        "months.all": rows.by_month(now.local_day.dt.month.value_counts()),
        "months.new": rows.by_month(registered.dt.month.value_counts()),
        "diagnoses.now": _top(rows.in_period(found, "recorded_on").name),
        "outcomes.treatments": by_outcome.sum(axis=1),
        "outcomes.succeeded": by_outcome[SUCCEEDED].sum(axis=1),
        "efficiency.a_day": [len(some) / some.local_day.nunique() for some in periods],
        "efficiency.a_provider": [some.groupby(["provider_id", "local_day"]).size().mean() for some in periods],
        "efficiency.minutes": minutes,
    }


def medical_statistics(rows: Rows) -> Found:
    visits = rows.visits("id, patient_id, local_day", where="kind = 'medical' AND local_day BETWEEN :since AND :end")
    read = rows.read(
        "m.patient_id, m.visit_id, m.source_id, m.loinc, m.name, m.value, m.local_day, p.birth_date",
        "measurements m JOIN patients p ON p.id = m.patient_id "
        "WHERE m.clinic_id = :clinic AND m.local_day BETWEEN :since AND :end",
        "local_day birth_date",
    )
    given = rows.read(
        "patient_id, name",
        "treatments WHERE clinic_id = :clinic AND kind = 'medical' AND performed_on BETWEEN :start AND :end",
    )
    diagnosed = rows.read(
        "d.patient_id, d.visit_id, d.recorded_on, v.kind",
        f"diagnoses d LEFT JOIN visits v ON v.id = d.visit_id WHERE d.clinic_id = :clinic AND {HELD}",
        "recorded_on",
    )
    read["age"] = (_numbers(read.local_day) - _numbers(read.birth_date)) // 10_000
    now, seen = rows.in_period(read), rows.in_period(visits)
    meant = diagnosed[(diagnosed.recorded_on >= rows.start) & (diagnosed.kind != "dental")]
    vitals = now[now.loinc.isin(VITALS)]
    readings = _pressures(now)
    bmi = now[(now.loinc == "39156-5") & (now.age >= 20) & now.value.between(12, 65)]
    kinds = (seen, meant, now, given)
    pressures = pd.crosstab(pd.cut(readings.age, [18, 45, 65, 131], right=False), readings.stage)
    return {
        "visits": len(seen),
        "measurements": len(now),
        "with_vitals": 100 * seen.id.isin(vitals.visit_id).mean(),
        "high_pressure": 100 * (readings.stage >= 2).mean(),
        "pressures.stage_2": pressures[3],
        "pressure_months.all": rows.by_month(readings.local_day.dt.month.value_counts()),
        "bmi_classes.readings": pd.cut(bmi.value, [0, 18.5, 25, 30, 35, 40, 99], right=False).value_counts(sort=False),
        "records.count": [len(kind) for kind in kinds],
        "records.patients": [kind.patient_id.nunique() for kind in kinds],
        "observations.records": _top(now.name),
        "treatments.records": _top(given.name),
    }


def dental_statistics(rows: Rows) -> Found:
    visits = rows.visits("patient_id, local_day", where="kind = 'dental' AND local_day <= :end")
    given = rows.read(
        "patient_id, name, performed_on",
        "treatments WHERE clinic_id = :clinic AND kind = 'dental' AND performed_on BETWEEN :since AND :end",
        "performed_on",
    )
    people = rows.people().set_index("id")
    visits["first"] = visits.groupby("patient_id").local_day.transform("min")
    now, procedures = rows.in_period(visits), rows.in_period(given, "performed_on")
    before = visits[(visits.local_day >= rows.since) & (visits.local_day < rows.start)]
    times = now.patient_id.value_counts()
    month = now.local_day.dt.month
    is_new = (now["first"] >= rows.start) & (now["first"].dt.month == month)
    return {
        "visits": len(now),
        "patients": len(times),
        "new": now[now["first"] >= rows.start].patient_id.nunique(),
        "procedures": len(procedures),
        "months.visits": rows.by_month(month.value_counts()),
        "months.patients": rows.by_month(now.groupby(month).patient_id.nunique()),
        "months.new": rows.by_month(now[is_new].groupby(month).patient_id.nunique()),
        "ages.patients": people.loc[times.index].band.value_counts().sort_index(),
        "sexes.patients": people.loc[times.index].sex.value_counts().sort_index(),
        "frequency.patients": times.clip(upper=5).value_counts().sort_index(),
        "a_patient.patients": [before.patient_id.nunique(), len(times)],
        "a_patient.procedures": [len(given) - len(procedures), len(procedures)],
        "procedures.records": _top(procedures.name),
    }


def campaign_performance(rows: Rows) -> Found:
    contacts = rows.read(
        "c.id, c.patient_id, c.local_day, c.opened_at, c.responded_at, c.attended_at, k.topic, k.name",
        "campaign_contacts c JOIN campaigns k ON k.id = c.campaign_id "
        "WHERE k.clinic_id = :clinic AND c.local_day BETWEEN :since AND :end",
        "local_day opened_at responded_at attended_at",
    )
    visits, people = rows.visits("patient_id, kind, local_day"), rows.people()
    recorded = pd.concat(
        rows.read("DISTINCT patient_id", f"{table} WHERE clinic_id = :clinic AND {day} BETWEEN :since AND :end")
        for table, day in (("diagnoses", "recorded_on"), ("measurements", "local_day"), ("treatments", "performed_on"))
    ).patient_id
    contacts["attended"] = contacts.attended_at.notna()
    contacts["responded"] = contacts.attended | contacts.responded_at.notna()
    contacts["opened"] = contacts.responded | contacts.opened_at.notna()
    now = rows.in_period(contacts)
    before = contacts.drop(now.index)
    people["contacted"] = people.id.isin(now.patient_id)
    people["kept_up"] = people.id.isin(visits.patient_id) & people.id.isin(recorded)
    steps, steps_before = (some[["opened", "responded", "attended"]].sum() for some in (now, before))
    last = visits.local_day.max() - pd.Timedelta(days=60)
    pairs = now[now.local_day <= last].merge(visits, on="patient_id", suffixes=("", "_of_visit"))
    days = (pairs.local_day_of_visit - pairs.local_day).dt.days
    sides = [pairs[days.between(first, first + 59)].kind.value_counts() for first in (-60, 1)]
    ranked = now.groupby("name").agg(contacts=("id", "size"), attended=("attended", "sum")).reset_index()
    ranked = ranked.sort_values(["contacts", "name"], ascending=[False, True])
    return {
        "contacted": now.patient_id.nunique(),
        **steps,
        "funnel.contacts": [len(now), *steps],
        "campaigns.contacts": ranked.contacts,
        "campaigns.attended": ranked.attended,
        "topics.contacts": now.topic.value_counts(),
        "reach.contacted": people.groupby("band").contacted.sum(),
        "visits.before": sides[0].reindex(["medical", "dental"]),
        "visits.after": sides[1].reindex(["medical", "dental"]),
        "kept_up.patients": [people.kept_up.sum(), (~people.kept_up).sum()],
        "compared.then": [before.patient_id.nunique(), len(before), *steps_before],
    }


BY_PANDAS: dict[str, Callable[[Rows], Found]] = {
    count.__name__: count
    for count in (
        patient_summary, visit_trends, treatment_outcomes, feedback_analysis, comprehensive, medical_statistics,
        dental_statistics, campaign_performance,
    )
}  # fmt: skip


def _diagnoses(rows: Rows) -> pd.DataFrame:
    rest = f"diagnoses WHERE clinic_id = :clinic AND recorded_on BETWEEN :since AND :end AND {HELD}"
    return rows.read("patient_id, name, recorded_on", rest, "recorded_on")


def _number(day: pd.Timestamp) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def _numbers(days: pd.Series) -> pd.Series:
    """Days as whole numbers such as 20261031, whose differences have years before the last four digits."""
    return days.dt.year * 10_000 + days.dt.month * 100 + days.dt.day


def _share(outcomes: pd.Series) -> float:
    """Of the outcomes that are known, the part that is a success."""
    return outcomes[outcomes != "unknown"].isin(SUCCEEDED).mean()


def _commonest(counts: pd.DataFrame) -> pd.DataFrame:
    """The rows that count most, equal ones by name, and under them all others together, if there are any."""
    ranked = counts.assign(all=-counts.sum(axis=1)).rename_axis("name").sort_values(["all", "name"]).index
    top, rest = counts.loc[ranked[:NAMED]], counts.loc[ranked[NAMED:]]
    return pd.concat([top, rest.sum().to_frame("others").T]) if len(rest) else top


def _top(names: pd.Series) -> pd.Series:
    return _commonest(names.value_counts().to_frame())["count"]


def _again(visits: pd.DataFrame) -> pd.DataFrame:
    """Each visit, whether it could be followed for 30 days, and whether the patient came again in that time."""
    days = visits[["patient_id", "local_day"]].drop_duplicates().sort_values(["patient_id", "local_day"])
    days["following"] = days.groupby("patient_id").local_day.shift(-1)
    joined = visits.merge(days, on=["patient_id", "local_day"])
    joined["followed"] = joined.local_day <= visits.local_day.max() - pd.Timedelta(days=30)
    joined["again"] = joined.followed & ((joined.following - joined.local_day).dt.days <= 30)
    return joined


def _pressures(read: pd.DataFrame) -> pd.DataFrame:
    """Blood pressures of adults that can be true: `stage` is 0 normal, 1 elevated, 2 and 3 high."""
    keys = ["patient_id", "source_id"]
    high, low = (read[read.loinc == loinc] for loinc in ("8480-6", "8462-4"))
    pairs = high.merge(low[[*keys, "value"]], on=keys, suffixes=("", "_low"))
    pairs = pairs[(pairs.age >= 18) & (pairs.value > pairs.value_low)]
    pairs["stage"] = 0
    for stage, systolic, diastolic in ((1, 120, 999), (2, 130, 80), (3, 140, 90)):
        pairs.loc[(pairs.value >= systolic) | (pairs.value_low >= diastolic), "stage"] = stage
    return pairs
