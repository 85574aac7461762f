"""The sentences and titles of the feedback analysis, each true by rule, and what its figures mean."""

from collections.abc import Sequence

from webapp import words
from webapp.content import coverage, filters, findings, intervals, periods
from webapp.content.feedback_analysis.comments import LONGEST, MOST_COMMENTS
from webapp.content.feedback_analysis.counts import SOON_DAYS, Answer, Said, Tally
from webapp.figures import Definition

_CERTAIN = 1.96
"""Standard errors that 95 % of chance differences stay within."""


def signed(score: float) -> str:
    """ "+58.3", "−4.0", "0.0"."""
    return f"{'+' if score > 0 else ''}{words.number(score, 1)}"


def days(value: float) -> str:
    return f"{words.number(value, 1)} {'day' if value == 1 else 'days'}"


def summary(answer: Answer, categories: Sequence[tuple[str, Tally]]) -> tuple[str, ...]:
    """`categories` are those shown."""
    tally = answer.now.tally
    sentences = [_counted(answer) if tally.all else _nothing(answer)]
    if tally.rated:
        sentences.append(_rated(answer))
    elif tally.all:
        sentences.append("None of them has a rating from 1 to 5.")
    sentences += [_worst_told(categories), _response(answer), _answered(answer.now) if tally.all else ""]
    if answer.records_begin is None:
        sentences.append("The clinic has no feedback on record yet.")
    begin = answer.records_begin
    sentences.append(coverage.comparison_sentence(answer.period, answer.earlier, begin, "records of feedback"))
    return tuple(filter(None, sentences))


def _counted(answer: Answer) -> str:
    now, then = answer.now.tally.all, answer.before.tally.all
    told = f", {findings.compared(now, then, answer.earlier)}" if answer.is_compared else ""
    responses = words.plural(now, "response")
    if answer.is_narrowed:
        return f"{responses} {answer.when} matched the filters{told}."
    return f"There {'was' if now == 1 else 'were'} {responses} {answer.when}{told}."


def _nothing(answer: Answer) -> str:
    then = answer.before.tally.all
    told = f", against {words.number(then)} {periods.within(*answer.earlier)}" if then else ""
    if answer.is_narrowed:
        return f"No responses {answer.when} matched the filters{told}."
    return f"There were no responses {answer.when}{told}."


def _rated(answer: Answer) -> str:
    tally, then = answer.now.tally, answer.before.tally
    mean = words.number(tally.mean or 0, 1)
    if tally.rated < findings.SMALL:
        return (
            f"The mean of {words.plural(tally.rated, 'rating')} was {mean} of 5: {words.number(tally.positive)} "
            f"positive, {words.number(tally.neither)} neither, {words.number(tally.negative)} negative."
        )
    was = ""
    if answer.is_compared and then.rated >= findings.SMALL and then.mean is not None:
        was = f", {_against(tally, then)} {periods.within(*answer.earlier)}"
    positive, negative = (words.number(share or 0, 1) for share in (tally.positive_share, tally.negative_share))
    return (
        f"The mean rating was {mean} of 5{was}: {positive} % of ratings were positive and {negative} % negative, "
        f"a net score of {signed(tally.net or 0)}."
    )


def _against(now: Tally, then: Tally) -> str:
    """A mean set against an earlier one, before the words for when that was."""
    mean, base = now.mean or 0, then.mean or 0
    if mean == base:
        return "as"
    way = ("up" if mean > base else "down") if _is_step(now, then) else "little changed"
    return f"{way} from {words.number(base, 1)}"


def worst(categories: Sequence[tuple[str, Tally]]) -> tuple[str, float] | None:
    """The category whose share of negative ratings stands out as the largest, and that share in percent."""
    found = dict(categories)
    top = intervals.leader({name: (tally.negative, tally.rated) for name, tally in found.items()})
    return (top, found[top].negative_share or 0.0) if top else None


def _worst_told(categories: Sequence[tuple[str, Tally]]) -> str:
    found = worst(categories)
    if not found:
        return ""
    return f"The largest share of negative ratings, {words.number(found[1], 1)} %, was that of “{found[0]}”."


def _response(answer: Answer) -> str:
    said = answer.now
    if not said.all_visits:
        return ""
    if said.all_visits < findings.SMALL or said.response_rate is None:
        return f"{words.number(said.visits_named)} of {words.plural(said.all_visits, 'visit')} drew a response."
    return f"{words.number(said.response_rate, 1)} % of {words.number(said.all_visits)} visits drew a response."


def _answered(said: Said) -> str:
    if said.median_days is None or said.waits.soon is None:
        return "No response has been answered."
    return f"{waits_title(said)}; half of those answered waited {days(said.median_days)} or less."


def ratings_title(tally: Tally) -> str:
    if not tally.rated:
        return "No response has a rating from 1 to 5"
    if tally.rated < findings.SMALL:
        return f"{words.number(tally.positive)} of {words.plural(tally.rated, 'rating')} were positive"
    positive, negative = (words.number(share or 0, 1) for share in (tally.positive_share, tally.negative_share))
    return f"{positive} % of ratings were positive, {negative} % negative"


def means_title(answer: Answer) -> str:
    """Of a period within one month it tells the step to it, of a longer one the month that stands out as the highest;
    of those only that have enough ratings for their mean to tell something."""
    told = {key: tally.mean for key, tally in answer.months.items() if tally.rated >= findings.SMALL and tally.mean}
    start, end = answer.period
    last, before = f"{end:%Y-%m}", f"{periods.shifted(end, -1):%Y-%m}"
    if f"{start:%Y-%m}" == last:
        now, then = told.get(last), told.get(before)
        if now is None or then is None:
            return "Mean rating by month"
        name = words.month(before, short=False)
        if now == then:
            return f"The mean rating stayed at {words.number(now, 1)}"
        verb = "changed little," if not _is_step(answer.months[last], answer.months[before]) else ""
        verb = verb or ("rose" if now > then else "fell")
        return f"The mean rating {verb} from {words.number(then, 1)} in {name} to {words.number(now, 1)}"
    top = max(told, key=lambda key: told[key], default="")
    others = [answer.months[key] for key in told if key != top]
    if not others or not all(_is_step(answer.months[top], other) for other in others):
        return "Mean rating by month"
    return f"The mean rating was highest in {words.month(top, short=False)}"


def _is_step(now: Tally, then: Tally) -> bool:
    """Whether the means are further apart than chance alone would often put them: over 1.96 standard errors of their
    difference, the two-sample comparison of large samples (Altman, Practical Statistics for Medical Research, 1991,
    chapter 9). Both must have two ratings or more."""
    apart = now.total / now.rated - then.total / then.rated
    return apart**2 > _CERTAIN**2 * (now.squared_error + then.squared_error)


def categories_title(categories: Sequence[tuple[str, Tally]]) -> str:
    found = worst(categories)
    return f"“{found[0]}” had the largest share of negative ratings" if found else "Ratings by category"


def waits_title(said: Said) -> str:
    if said.median_days is None or said.waits.soon is None:
        return "No response has been answered"
    if said.tally.all < findings.SMALL:
        told = f"{words.number(said.waits.in_time)} of {words.plural(said.tally.all, 'response')}"
        return f"{told} {'was' if said.waits.in_time == 1 else 'were'} answered within {SOON_DAYS} days"
    return f"{words.number(said.waits.soon, 1)} % of responses were answered within {SOON_DAYS} days"


def definitions(has_comments: bool) -> tuple[Definition, ...]:
    """Comments are explained only where there are some to read."""
    return (*_DEFINITIONS, *((_COMMENTS,) if has_comments else ()), filters.AGE_DEFINITION)


_COMMENTS = Definition(
    "Comments",
    f"The latest {MOST_COMMENTS} that patients wrote in the period, in at most {LONGEST} characters each, for readers "
    "who may read them.",
)

_DEFINITIONS = (
    Definition(
        "Responses",
        "What patients sent in on a day of the period, by the clinic's own clock, with or without a rating. A response "
        "need not name a visit or a patient; where a filter speaks of one, only responses that name it count.",
    ),
    Definition(
        "Mean rating",
        "Of ratings from 1 to 5, 5 the best. Responses without a rating or with one out of that range are counted as "
        "not rated, and are in no mean and in no share of ratings. It is said to rise or fall, and a month's to be "
        f"the highest, where it is apart by more than {_CERTAIN} standard errors of the difference, so hardly by "
        "chance (Altman, Practical Statistics for Medical Research, 1991, chapter 9).",
    ),
    Definition(
        "Positive, neither, negative",
        "Scored as NHS England's Friends and Family Test (“Using the Friends and Family Test to improve patient "
        "experience”, 2020): the two best of its five answers are positive, the two worst negative. We take its very "
        "good to very poor for 5 to 1, so 5 and 4 are positive, 3 is neither, 2 and 1 are negative. Shares are of "
        "ratings; the Test also counts those who do not know.",
    ),
    Definition(
        "Net score",
        "The share of positive ratings less that of negative ones, rounded after the subtraction: from −100 to +100. "
        "It is not part of the Test, which since 2014 gives the two shares in place of a score.",
    ),
    Definition(
        "Response rate",
        "Of the visits that took place in the period, those that a response names, whether it came in during the "
        "period or later. The latest visits may still get one. A report about one category has none, for visits have "
        "no category.",
    ),
    Definition(
        "Time to answer",
        "From when a response came in to when the clinic answered, in days of 24 hours: within 1 day is less than 24 "
        "hours, 2 to 3 days less than 72, 4 to 7 days less than 168. The share answered in time is of all responses, "
        "those not answered until now included. Half of the answered ones took the median or less, in whole hours. An "
        "answer dated before its response is in neither. For comparison: the NHS in England acknowledges complaints "
        "within 3 working days (SI 2009/309, regulation 13).",
    ),
    Definition(
        "Category",
        "As the response names it; another spelling is another category. The 10 with most responses are shown, the "
        f"others together. {intervals.LEADER_RULE}",
    ),
    findings.CHANGE_DEFINITION,
    coverage.months_definition("response"),
)
