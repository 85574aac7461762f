"""Campaign performance: whom campaigns reached, what came of it, and how far system and records are in use.

    contacts         of the clinic's campaigns with its patients, on a day of the period by the clinic's own clock
    contacted        patients with at least one of them / patients known by the last day and alive on the first, and
                     whoever was contacted
    opened           contacts with this step or a later one on record, whenever it was taken / contacts; so too
                     responded and attended
    before, after    visits that took place on the 60 days before and on the 60 days after the day of a contact, of the
                     contacts with records of visits on all those days
    people           who signed in or asked for a report in the period / accounts added by then and open now
    kept up to date  patients with a number, a birth date that can be true, a known sex, and both a visit and an entry
                     in the 24 months up to the last day / patients
    change           against the question's earlier period

Topics and campaigns have the names of the records, ages the bands of filters.py. There is no standard for how long
contacts are followed or when a record is kept up to date: both are rules of this system.
"""

from datetime import timedelta

from sqlalchemy import Connection

from webapp import words
from webapp.content import adoption, coverage, filters, findings, intervals, periods
from webapp.content.campaign_performance.counts import FILTERS, FOLLOWED_DAYS, STEPS, Answer, Reach, ask, count
from webapp.content.campaign_performance.sections import (
    by_campaign,
    by_patient,
    compared,
    followed,
    funnel,
    upkeep,
    users,
)
from webapp.content.question import Question
from webapp.content.template import Body, Step, Template
from webapp.figures import Definition, Metric, Rows


def build(connection: Connection, question: Question, step: Step) -> Body:
    answer = ask(connection, question, step)
    sections = (
        funnel(answer),
        by_campaign(answer),
        by_patient(answer),
        followed(answer),
        compared(answer),
        users(answer),
        upkeep(answer),
    )
    contacts = answer.reach.contacts
    return Body(
        summary=_summary(answer),
        metrics=_metrics(answer),
        sections=sections,
        rows=Rows("contacts", contacts, contacts),
        definitions=DEFINITIONS,
    )


def _metrics(answer: Answer) -> tuple[Metric, ...]:
    now, before = answer.reach, answer.before

    def metric(key: str, label: str, came: int, was: int, whole: int, noun: str) -> Metric:
        change = findings.change(came, was, answer.earlier) if answer.is_compared else None
        return Metric(key, label, came, change=change, note=_part(came, whole, noun) if whole else "")

    patients = answer.everyone.patients
    return (
        metric("contacted", "Patients contacted", answer.contacted, answer.contacted_before, patients, "patient"),
        metric("opened", "Opened", now.opened, before.opened, now.contacts, "contact"),
        metric("responded", "Responded", now.responded, before.responded, now.contacts, "contact"),
        metric("attended", "Attended", now.attended, before.attended, now.contacts, "contact"),
    )


def _part(part: int, whole: int, noun: str) -> str:
    """ "12.4 % of contacts", of a handful "of 12 contacts"."""
    if whole < findings.SMALL:
        return f"of {words.plural(whole, noun)}"
    return f"{words.number(findings.share(part, whole) or 0, 1)} % of {noun}s"


def _summary(answer: Answer) -> tuple[str, ...]:
    sentences = _reached(answer) if answer.reach.contacts else _nobody(answer)
    sentences += [_limits(answer), _followed(answer), adoption.used_sentence(answer.team), _kept_up(answer)]
    return tuple(filter(None, sentences))


def _reached(answer: Answer) -> list[str]:
    be = "was" if answer.contacted == 1 else "were"
    told = f", {findings.compared(answer.contacted, answer.contacted_before, answer.earlier)}"
    against = told if answer.is_compared else ""
    patients = words.plural(answer.contacted, "patient")
    share = _part(answer.contacted, answer.everyone.patients, "patient")
    who = f"{share} who match the filters" if answer.is_narrowed_to_patients else share
    return [f"{patients} {be} contacted {answer.when} ({who}){against}.", _steps(answer.reach)]


def _steps(reach: Reach) -> str:
    contacts = words.plural(reach.contacts, "contact")
    if not reach.opened:
        return f"Of {contacts}, none was opened or answered."
    share = findings.share(reach.attended, reach.contacts) or 0
    part = f" ({words.number(share, 1)} %)" if reach.contacts >= findings.SMALL and reach.attended else ""
    opened, responded, attended = (
        words.number(number) if number else "none" for number in (reach.opened, reach.responded, reach.attended)
    )
    be = "was" if reach.opened == 1 else "were"
    return f"Of {contacts}, {opened} {be} opened, {responded} responded to and {attended}{part} led to attendance."


def _nobody(answer: Answer) -> list[str]:
    nobody = "No contacts" if answer.question.chosen else "Nobody was contacted"
    matched = " matched the filters" if answer.question.chosen else ""
    sentences = [f"{nobody} {answer.when}{matched}."]
    if answer.contacted_before:
        be = "was" if answer.contacted_before == 1 else "were"
        patients = words.plural(answer.contacted_before, "patient")
        sentences.append(f"{patients} {be} contacted {periods.within(*answer.earlier)}.")
    return sentences


def _limits(answer: Answer) -> str:
    if answer.records_begin is None:
        return "The clinic has no campaign contacts on record yet."
    return coverage.comparison_sentence(answer.period, answer.earlier, answer.records_begin, "records of contacts")


def _followed(answer: Answer) -> str:
    found, contacts = answer.followed, answer.reach.contacts
    if not contacts:
        return ""
    if not found.contacts:
        return f"No contact can be followed for {FOLLOWED_DAYS} days yet, so visits before and after are not compared."
    after = words.plural(found.after, "visit") if found.after else "no visits"
    before = words.number(found.before) if found.before else "none"
    some = "" if found.contacts == contacts else f" ({words.plural(found.contacts, 'contact')} followed so far)"
    days = f"the {FOLLOWED_DAYS} days"
    be = "was" if found.after == 1 else "were"
    return f"In {days} after a contact there {be} {after}, against {before} in {days} before{some}."


def _kept_up(answer: Answer) -> str:
    everyone = answer.everyone
    if not everyone.patients:
        return ""
    share = findings.share(everyone.kept_up, everyone.patients) or 0
    part = f" ({words.number(share, 1)} %)" if everyone.patients >= findings.SMALL else ""
    kept_up = words.number(everyone.kept_up) if everyone.kept_up else "None"
    have = "has" if everyone.kept_up == 1 else "have"
    of = "the 1 patient" if everyone.patients == 1 else f"{words.number(everyone.patients)} patients"
    return f"{kept_up} of {of}{part} {have} a record that is kept up to date."


DEFINITIONS = (
    Definition(
        "Contacts",
        "Patients reached by a campaign of the clinic on a day of the period, by the clinic's own clock; who was "
        "reached by two campaigns counts for each. Patients contacted counts each person once.",
    ),
    Definition(
        "Share of patients",
        "Of the clinic's patients: those known by the last day of the period and alive on the first, and whoever was "
        "contacted. Filters of age and sex narrow both sides, those of topic and campaign only the contacts.",
    ),
    Definition(
        "Opened, responded, attended",
        "A contact counts at a step when that step or a later one is on record, so that one who attended without a "
        "response on record counts as responded. Steps count whenever they were taken, also after the period: the "
        "contacts of its last days have had less time for them.",
    ),
    Definition(
        "Topic, campaign",
        "As the campaign's record says, letter for letter. Shown are the ten with the most contacts; the rest "
        f"are told together. {intervals.LEADER_RULE}",
    ),
    Definition(
        f"{FOLLOWED_DAYS} days before and after",
        f"Visits that took place on the {FOLLOWED_DAYS} days before the day of a contact and on the {FOLLOWED_DAYS} "
        "days after it; those on the day itself are in neither. A visit near two contacts counts for each. Contacts "
        f"less than {FOLLOWED_DAYS} days after the clinic's first visit on record, or before the last that took place, "
        "are left out. The difference is not all the campaign's doing: the season changes too, and who has just come "
        "is less likely to come again.",
    ),
    findings.CHANGE_DEFINITION,
    adoption.PEOPLE_DEFINITION,
    adoption.KEPT_UP_DEFINITION,
    filters.AGE_DEFINITION,
)

_LABELS = {"opened": "Opened", "responded": "Responded", "attended": "Attended"}

TIES = (
    "rows:used = funnel:Contacted:contacts = campaigns:all:contacts = topics:all:contacts = basis:all:contacts"
    " = compared:Contacts:now",
    "metric:contacted = reach:all:contacted = kept_up:all:contacted = compared:Patients contacted:now",
    "metric:contacted:then = compared:Patients contacted:then",
    "reach:all:patients = kept_up:all:patients = record_parts:each:patients",
    # Whose birth date or sex is not on record is of the group Unknown.
    *(f"reach:all:patients = reach:Unknown:patients + record_parts:{part}:patients" for part in ("Birth date", "Sex")),
    *(
        f"metric:{key} = funnel:{label}:contacts = campaigns:all:{key} = topics:all:{key} = compared:{label}:now"
        for key, label in _LABELS.items()
    ),
    *(f"metric:{key}:then = compared:{label}:then" for key, label in _LABELS.items()),
    "basis:Compared:contacts = followed_topics:all:contacts",
    "visits:all:before = followed_topics:all:before",
    "visits:all:after = followed_topics:all:after",
    "funnel:Opened:share = funnel:Opened:of_before <- funnel:Opened:contacts + funnel:Contacted:contacts",
    "funnel:Responded:share <- funnel:Responded:contacts + funnel:Contacted:contacts",
    "funnel:Responded:of_before <- funnel:Responded:contacts + funnel:Opened:contacts",
    "funnel:Attended:share <- funnel:Attended:contacts + funnel:Contacted:contacts",
    "funnel:Attended:of_before <- funnel:Attended:contacts + funnel:Responded:contacts",
    "record_parts:each:share <- reach:all:patients",
)
"""content/suppression/ties.py reads them."""

TEMPLATE = Template(
    name="campaign_performance",
    title="Campaign performance",
    number_prefix="CP",
    sentence="Whom your campaigns reached, who opened, responded and attended, and whether people came more often.",
    pages="About 4 pages",
    audience="aggregate",
    version=2,
    filters=FILTERS,
    steps=STEPS,
    build=build,
    count=count,
    fresh_for=timedelta(hours=1),
    ties=TIES,
)
