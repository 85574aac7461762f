"""The sections of the campaign performance: tables, and the charts that show them."""

from webapp import words
from webapp.content import adoption, filters, findings, intervals
from webapp.content.campaign_performance.counts import FOLLOWED_DAYS, Answer, Followed, Group, Reach, Run, added_up
from webapp.figures import Cell, Chart, Column, Section, Table

MOST_SHOWN = 10
LONGEST_NAMED = 60
"""Characters of a name that may stand in a title."""

_STEPS = (
    Column("opened", "Opened", "count"),
    Column("responded", "Responded", "count"),
    Column("attended", "Attended", "count"),
)
_REACHED = (Column("contacts", "Contacts", "count"), *_STEPS, Column("rate", "Share attended", "percent", decimals=1))


def _reached(reach: Reach) -> tuple[Cell, ...]:
    """A row for _REACHED."""
    rate = findings.share(reach.attended, reach.contacts)
    return reach.contacts, reach.opened, reach.responded, reach.attended, rate


def funnel(answer: Answer) -> Section | None:
    reach = answer.reach
    if not reach.contacts:
        return None
    counts = (("Contacted", reach.contacts), *((step.label, getattr(reach, step.key)) for step in _STEPS))
    befores = (None, *(number for _, number in counts[:-1]))
    rows = tuple(
        (label, number, findings.share(number, reach.contacts), None if was is None else findings.share(number, was))
        for (label, number), was in zip(counts, befores, strict=True)
    )
    columns = (
        Column("step", "Step"),
        Column("contacts", "Contacts", "count"),
        Column("share", "Share of all contacted", "percent", decimals=1),
        Column("of_before", "Share of the step before", "percent", decimals=1),
    )
    note = "A contact counts at a step when that step or a later one is on record."
    table = Table("funnel", "Contacts by step", columns, rows, note=note)
    chart = Chart(
        "funnel", "bar", _funnel_title(reach), f"Contacts made {answer.when}, by step", table.key, "step", ("contacts",)
    )
    return Section("funnel", "From contact to attendance", (chart,), (table,))


def _funnel_title(reach: Reach) -> str:
    contacts = words.plural(reach.contacts, "contact")
    if reach.attended:
        return f"{words.number(reach.attended)} of {contacts} led to attendance"
    return f"None of {contacts} has led to attendance" if reach.contacts > 1 else "The contact has led to no attendance"


def by_campaign(answer: Answer) -> Section | None:
    if not answer.runs:
        return None
    shown, rest = answer.runs[:MOST_SHOWN], answer.runs[MOST_SHOWN:]
    rows: list[tuple[Cell, ...]] = [(run.name, _running(run), *_reached(run.reach)) for run in shown]
    if rest:
        rows.append((findings.ALL_OTHERS, None, *_reached(added_up(Reach, (run.reach for run in rest)))))
    columns = (Column("campaign", "Campaign"), Column("dates", "Dates"), *_REACHED)
    total = (findings.ALL, None, *_reached(answer.reach))
    table = Table("campaigns", "Contacts by campaign", columns, tuple(rows), total)
    chart = Chart(
        "campaigns",
        "bar",
        _best(shown, "campaign"),
        "Contacts that led to attendance, percent",
        table.key,
        "campaign",
        ("rate",),
    )
    charts = (chart,) if len(rows) > 1 and answer.reach.attended else ()
    topics = answer.topics()
    tables = (table, _topics(answer, topics)) if len(topics) > 1 else (table,)
    return Section("campaigns", "Campaigns and topics" if len(topics) > 1 else "Campaigns", charts, tables)


def _running(run: Run) -> str:
    """ "20 May – 15 Jul 2026", of one without an end "from 20 May 2026"."""
    if run.ended_on is None:
        return f"from {words.short_dates(run.started_on, run.started_on)}"
    return words.short_dates(run.started_on, run.ended_on)


def _best(runs: tuple[Run, ...], noun: str) -> str:
    """Names the campaign whose share of attendance stands out as the highest."""
    top = intervals.leader({run.name: (run.reach.attended, run.reach.contacts) for run in runs})
    return f"{top} had the highest attendance" if top and len(top) <= LONGEST_NAMED else f"Attendance by {noun}"


def _topics(answer: Answer, topics: dict[str, list[Run]]) -> Table:
    found = [(name, added_up(Reach, (run.reach for run in runs))) for name, runs in topics.items()]
    rows = [(name, *_reached(reach)) for name, reach in found[:MOST_SHOWN]]
    if found[MOST_SHOWN:]:
        rows.append((findings.ALL_OTHERS, *_reached(added_up(Reach, (reach for _, reach in found[MOST_SHOWN:])))))
    columns = (Column("topic", "Topic"), *_REACHED)
    return Table("topics", "Contacts by topic", columns, tuple(rows), (findings.ALL, *_reached(answer.reach)))


def by_patient(answer: Answer) -> Section | None:
    """Whom the campaigns reached, of the clinic's patients by age or, where one age was asked for, by sex."""
    by = next((name for name in ("age", "sex") if name not in answer.question.chosen), None)
    if by is None or not answer.contacted:
        return None
    labels = filters.AGE_WORDS if by == "age" else filters.SEX_WORDS
    known = {band.name for band in filters.BANDS} if by == "age" else {"female", "male"}
    groups: dict[str, Group] = {}
    for name, label in labels.items():
        those = [group for (band, sex), group in answer.groups.items() if name == (band if by == "age" else sex)]
        if those or name in known:
            groups[label] = added_up(Group, those)
    columns = (
        Column(by, by.capitalize()),
        Column("patients", "Patients", "count"),
        Column("contacted", "Contacted", "count"),
        Column("share", "Share contacted", "percent", decimals=1),
    )
    rows = tuple((label, *_contacted(group)) for label, group in groups.items())
    table = Table("reach", f"Patients contacted by {by}", columns, rows, (findings.ALL, *_contacted(answer.everyone)))
    be = "was" if answer.contacted == 1 else "were"
    title = f"{words.number(answer.contacted)} of {words.plural(answer.everyone.patients, 'patient')} {be} contacted"
    each = "each age group" if by == "age" else "each sex"
    chart = Chart("reach", "bar", title, f"Patients contacted, percent of {each}", table.key, by, ("share",))
    return Section("reach", "Who was reached", (chart,), (table,))


def _contacted(group: Group) -> tuple[Cell, ...]:
    return group.patients, group.contacted, findings.share(group.contacted, group.patients)


def followed(answer: Answer) -> Section | None:
    if not answer.reach.contacts:
        return None
    found, basis = answer.followed, _basis(answer)
    title = f"Visits before and after the contact, {FOLLOWED_DAYS} days each"
    if not found.contacts:
        return Section(
            "followed", title, (), (basis,), text=f"No contact can be followed for {FOLLOWED_DAYS} days yet."
        )
    columns = (
        Column("kind", "Visits"),
        Column("before", f"In {FOLLOWED_DAYS} days before", "count"),
        Column("after", f"In {FOLLOWED_DAYS} days after", "count"),
        Column("change", "Change", "count"),
        Column("percent", "Change in percent", "percent", decimals=1),
    )
    kinds = {
        "Medical": (found.medical_before, found.medical_after),
        "Dental": (found.dental_before, found.dental_after),
    }
    rows = tuple((kind, *_step(*counts)) for kind, counts in kinds.items())
    table = Table(
        "visits", "Visits of those contacted", columns, rows, (findings.ALL, *_step(found.before, found.after))
    )
    chart = Chart(
        "visits",
        "bar",
        _followed_title(found),
        f"Visits {FOLLOWED_DAYS} days before and after a contact",
        table.key,
        "kind",
        ("before", "after"),
    )
    charts = (chart,) if found.before or found.after else ()
    return Section("followed", title, charts, (table, _followed_topics(answer), basis))


def _step(before: int, after: int) -> tuple[Cell, ...]:
    return before, after, after - before, findings.percent_change(after, before)


def _followed_title(found: Followed) -> str:
    return f"After the contact, visits {findings.moved_to(found.after, found.before)}"


def _followed_topics(answer: Answer) -> Table:
    topics = {name: added_up(Followed, (run.followed for run in runs)) for name, runs in answer.topics().items()}
    those = sorted(
        ((name, found) for name, found in topics.items() if found.contacts),
        key=lambda item: (-item[1].contacts, item[0]),
    )
    rows = [(name, *_came(found)) for name, found in those[:MOST_SHOWN]]
    if those[MOST_SHOWN:]:
        rows.append((findings.ALL_OTHERS, *_came(added_up(Followed, (found for _, found in those[MOST_SHOWN:])))))
    columns = (
        Column("topic", "Topic"),
        Column("contacts", "Contacts followed", "count"),
        Column("came_before", "Came before", "count"),
        Column("came_after", "Came after", "count"),
        Column("before", "Visits before", "count"),
        Column("after", "Visits after", "count"),
    )
    note = "Came: contacts whose patient had a visit in those days."
    title = "Visits before and after by topic"
    return Table("followed_topics", title, columns, tuple(rows), (findings.ALL, *_came(answer.followed)), note)


def _came(found: Followed) -> tuple[Cell, ...]:
    return found.contacts, found.came_before, found.came_after, found.before, found.after


def _basis(answer: Answer) -> Table:
    out = answer.left_out
    rows = [("Compared", answer.followed.contacts)]
    if out.too_late:
        rows.append((f"Left out: not followed for {FOLLOWED_DAYS} days yet", out.too_late))
    if out.too_early:
        rows.append((f"Left out: less than {FOLLOWED_DAYS} days of visits on record before", out.too_early))
    columns = (Column("what", "Which contacts"), Column("contacts", "Contacts", "count"))
    return Table("basis", "Contacts in this comparison", columns, tuple(rows), (findings.ALL, answer.reach.contacts))


def compared(answer: Answer) -> Section | None:
    now, before = answer.reach, answer.before
    if not (answer.is_compared and (now.contacts or before.contacts)):
        return None
    steps = {"Patients contacted": (answer.contacted_before, answer.contacted)}
    steps["Contacts"] = (before.contacts, now.contacts)
    steps |= {step.label: (getattr(before, step.key), getattr(now, step.key)) for step in _STEPS}
    title = f"Compared with {answer.earlier_name}"
    table = findings.comparison(
        "compared", title, "Contacts", answer.period, answer.earlier, steps, answer.records_begin
    )
    return Section("compared", "What changed", tables=(table,))


def users(answer: Answer) -> Section | None:
    if not answer.team.people:
        return None
    return Section("users", "Who uses the system", tables=(adoption.people_table(answer.teams),))


def upkeep(answer: Answer) -> Section | None:
    everyone = answer.everyone
    if not everyone.patients:
        return None
    parts = {
        "Medical record number": everyone.numbered,
        "Birth date": everyone.dated,
        "Sex": everyone.sexed,
        "Recent visit and entry": everyone.recent,
    }
    rows = tuple((label, number, findings.share(number, everyone.patients)) for label, number in parts.items())
    columns = (
        Column("part", "What the record has"),
        Column("patients", "Patients", "count"),
        Column("share", "Share of patients", "percent", decimals=1),
    )
    table = Table("record_parts", "What records have", columns, rows)
    chart = Chart(
        "record_parts",
        "bar",
        _lacking(parts, everyone.patients),
        "Patients whose record has it, percent",
        table.key,
        "part",
        ("share",),
    )
    return Section("upkeep", "Whose record is kept up to date", (chart,), (_kept_up(everyone), table))


def _lacking(parts: dict[str, int], patients: int) -> str:
    fewest = [label for label, number in parts.items() if number == min(parts.values())]
    if min(parts.values()) == patients:
        return "All records have all that is asked"
    if len(fewest) > 1:
        return f"What the records of {words.plural(patients, 'patient')} have"
    return f"Missing most often: {fewest[0][0].lower()}{fewest[0][1:]}"


def _kept_up(everyone: Group) -> Table:
    kept = ("Kept up to date", everyone.kept_up, everyone.contacted_kept_up)
    not_kept = ("Not kept up to date", everyone.patients - kept[1], everyone.contacted - kept[2])
    columns = [
        Column("what", "Record"),
        Column("patients", "Patients", "count"),
        Column("share", "Share of patients", "percent", decimals=1),
    ]
    if everyone.contacted:
        columns += [
            Column("contacted", "Of those contacted", "count"),
            Column("contacted_share", "Share of those contacted", "percent", decimals=1),
        ]

    def cells(label: str, patients: int, contacted: int) -> tuple[Cell, ...]:
        of_all = (label, patients, findings.share(patients, everyone.patients))
        return (*of_all, contacted, findings.share(contacted, everyone.contacted)) if everyone.contacted else of_all

    title = "Patients by whether their record is kept up to date"
    total = cells(findings.ALL, everyone.patients, everyone.contacted)
    return Table("kept_up", title, tuple(columns), (cells(*kept), cells(*not_kept)), total)
