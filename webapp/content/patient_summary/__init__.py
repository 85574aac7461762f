"""Patient summary: who the clinic's patients are, who is new, and who came.

    patients           on record, without those who registered after the period or died before it
    active             of these, with a visit that took place in the 12 months up to the period's last day (3, 6 or 24
                       where the filter says so); shares are of the patients of the same row
    new registrations  day of registration, else of the first visit, in the period or month, deceased since or not
    median age         completed years on the last day, of patients whose age is known
    age and sex        patients of each group / all patients; age on the last day, in the bands that filters.py names
                       its source for (National Ambulatory Medical Care Survey, NCHS)
    visits a patient   visits that took place in the period / patients who came in it; mean and median
    months             the 12 calendar months up to the last day, or all of a longer period
    change             against the question's earlier period, active patients as of its last day

The thresholds for naming an age group (sections.ENOUGH, STANDS_OUT) are rules of this system.
"""

from datetime import timedelta

from sqlalchemy import Connection

from webapp import words
from webapp.content import coverage, filters, findings
from webapp.content.patient_summary.counts import FILTERS, STEPS, Answer, Times, ask, count
from webapp.content.patient_summary.sections import age_decimals, age_title, median_words, sections_of
from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.figures import Definition, Metric, Rows


def build(connection: Connection, question: Question, step: Step) -> Body:
    answer = ask(connection, question, step)
    return Body(
        summary=_summary(answer),
        metrics=_metrics(answer),
        sections=sections_of(answer),
        rows=answer.rows,
        definitions=_definitions(answer),
    )


def _metrics(answer: Answer) -> tuple[Metric, ...]:
    before, median = answer.before, answer.median_age

    def metric(key: str, label: str, now: int, then: int, is_compared: bool, note: str = "") -> Metric:
        change = findings.change(now, then, answer.earlier) if is_compared else None
        return Metric(key, label, now, change=change, note=note)

    older = findings.difference(median, before.median_age, answer.earlier) if answer.is_compared else None
    halves = [median, older.difference if older else None]
    return (
        metric("patients", "Patients", answer.patients, before.patients, answer.is_compared),
        metric("active", "Active patients", answer.active, before.active, answer.is_active_compared, _among(answer)),
        metric("new", "New registrations", answer.new, before.new, answer.is_compared),
        Metric(
            "median_age", "Median age in years", median, "number", decimals=max(map(age_decimals, halves)), change=older
        ),
    )


def _among(answer: Answer) -> str:
    """Of how many patients the active ones are which part."""
    if not answer.patients:
        return ""
    if answer.patients < findings.SMALL:
        return f"of {words.plural(answer.patients, 'patient')}"
    return f"{words.number(findings.share(answer.active, answer.patients) or 0, 1)} % of patients"


def _summary(answer: Answer) -> tuple[str, ...]:
    # Who died within the period is among its patients, so they are not told as those of its last day.
    when = answer.when[0].upper() + answer.when[1:]
    if not answer.patients:
        had_none = ", no patients matched the filters" if answer.is_narrowed else " the clinic had no patients"
        return (f"{when}{had_none}.", *_left_out(answer.rows))
    patients = words.plural(answer.patients, "patient")
    had = f", {patients} matched the filters" if answer.is_narrowed else f" the clinic had {patients}"
    sentences = [f"{when}{had}{_how_active(answer)} in the {answer.span} to {words.day(answer.question.end)}."]
    if answer.is_active_compared and (answer.active or answer.before.active):
        moved = findings.moved_to(answer.active, answer.before.active)
        sentences.append(f"Since {words.day(answer.earlier[1])} the number of active patients {moved}.")
    uncompared = coverage.comparison_sentence(answer.period, answer.earlier, answer.records_begin, "records")
    if not (uncompared and answer.visits_begin == answer.records_begin):
        sentences.append(_visits_on_record(answer))
    if answer.new or answer.before.new:
        told = f", {findings.compared(answer.new, answer.before.new, answer.earlier)}" if answer.is_compared else ""
        new = words.number(answer.new) if answer.new else "Nobody"
        sentences.append(f"{new} registered {answer.when}{told}.")
    sentences.append(uncompared)
    if answer.median_age is not None:
        title, median = age_title(answer), f"he median age is {median_words(answer.median_age)}."
        is_said = title.startswith("The median") or filters.AGE.name in answer.question.chosen
        sentences.append(f"T{median}" if is_said else f"{title}; t{median}")
    if answer.times.came:
        sentences.append(
            f"{words.plural(answer.times.came, 'patient')} came {answer.when}, {_how_often(answer.times)}."
        )
    return tuple(filter(None, sentences))


def _visits_on_record(answer: Answer) -> str:
    """What keeps patients from being told as active who were."""
    if answer.visits_begin is None:
        return "The clinic has no visits on record yet."
    if coverage.is_whole(answer.active_in, answer.visits_begin):
        return ""
    return f"The clinic's records of visits begin only on {words.day(answer.visits_begin)}."


def _how_active(answer: Answer) -> str:
    if answer.active == 0:
        return ", none of them with a visit" if answer.patients > 1 else ", without a visit"
    if answer.active == answer.patients:
        return "; all of them were active, with a visit" if answer.active > 1 else "; this one was active, with a visit"
    share = findings.share(answer.active, answer.patients)
    part = f" ({words.number(share, 1)} %)" if share is not None and answer.patients >= findings.SMALL else ""
    be = "was" if answer.active == 1 else "were"
    return f"; {words.number(answer.active)} of them{part} {be} active, with a visit"


def _how_often(times: Times) -> str:
    once = times.patients.get(1, 0)
    if times.came == 1:
        return "once" if once else words.plural(times.visits, "time")
    if once == times.came:
        return "all of them once"
    part = f"{words.number(once)} of them once" if once else "each of them more than once"
    return f"{part}; they came {words.number(times.mean or 0, 1)} times on average"


def _left_out(rows: Rows) -> tuple[str, ...]:
    if not rows.read:
        return ()
    be = "is" if rows.read == 1 else "are"
    left_out = f"{words.plural(rows.read, 'patient')} on record {be} left out"
    if len(rows.excluded) == 1:
        return (f"{left_out}: they {rows.excluded[0].reason}.",)
    reasons = words.listed([f"{words.number(item.count)} {item.reason}" for item in rows.excluded])
    return (f"{left_out}: {reasons}.",)


def _definitions(answer: Answer) -> tuple[Definition, ...]:
    return (
        Definition(
            "Patients",
            "Everybody the clinic has a record of, without those who registered after the period or died before it. "
            "Who has no date of registration is counted.",
        ),
        Definition(
            "Active patients",
            f"Patients with at least one visit, medical or dental, in the {answer.span} up to the last day of the "
            "period. Visits that were planned, cancelled or entered in error do not count. Shares are of the patients "
            f"of the same row. They are compared with those of the {answer.span} up to the last day of the earlier "
            "period, where the clinic has records of all those days.",
        ),
        Definition(
            "New registrations",
            "Patients whose day of registration lies in the period or month, whether or not they have died since: that "
            "of the clinic's records, else the day of the first visit.",
        ),
        coverage.months_definition("registration or visit"),
        findings.CHANGE_DEFINITION,
        Definition(
            "Median age",
            "In completed years. Half of the patients whose age is known are this old or younger; of an even number, "
            "it is the mean of the middle two.",
        ),
        Definition(
            "Visits a patient",
            "Visits of the patients counted that took place in the period; patients without any are not counted in it. "
            "The mean is visits divided by patients who came; half of those came as often as the median or less.",
        ),
        filters.AGE_DEFINITION,
        Definition("Sex", "As the patient's record says; records that say nothing are unknown."),
    )


TIES = (
    "metric:patients = rows:used = compared:Patients:now = ages:all:all = sexes:all:patients = active:all:patients",
    "metric:patients:then = compared:Patients:then",
    "metric:active = compared:Active patients:now = active:all:active",
    "metric:active:then = compared:Active patients:then",
    "metric:new = compared:New registrations:now = registrations:latest:new",
    "metric:new:then = compared:New registrations:then = registrations:earlier:new",
    "visits:all:patients = visits_a_patient:last:patients = compared:Patients who came:now",
    "visits_a_patient:first:patients = compared:Patients who came:then",
    "visits:all:all = visits_a_patient:last:visits",
    "metric:patients = metric:patients:then + metric:new",
    "rows:read = rows:registered later + metric:new + metric:new:then",
)
"""content/suppression/ties.py reads them."""

TEMPLATE = Template(
    name="patient_summary",
    title="Patient summary",
    number_prefix="PS",
    sentence="Who your patients are: age and sex, new registrations, active patients and how often they come.",
    pages="About 3 pages",
    audience="aggregate",
    version=2,
    filters=FILTERS,
    steps=STEPS,
    build=build,
    count=count,
    fresh_for=timedelta(hours=1),
    ties=TIES,
)
