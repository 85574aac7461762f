"""Small counts are withheld, and with them every figure from which they could be worked out.

    counts.py      the counts of a report, each with its place
    ties.py        what a template declares of them
    relations.py   which are the same        sums.py   which add up to which
    complement.py  which more must be withheld
    rates.py       what is made of withheld counts: rates, means, differences, sparklines
    numerals.py    the numbers in a text
    texts.py       sentences, titles and notes that would tell

docs/suppression.md has the rule, its sources and its limits.
"""

from collections.abc import Sequence

from webapp import words
from webapp.content.suppression import complement, counts, rates, relations, texts, ties
from webapp.content.suppression.rates import Withheld
from webapp.figures import Content

VERSION = 2
"""Goes up with every change of what is withheld of the same figures, so that those counted before are not given out."""


def protect(content: Content, threshold: int, declared: Sequence[str] = ()) -> Content:
    """`content` with no count from 1 up to `threshold`, nor a figure or sentence from which one could be worked out;
    with 0 as it is. Each withheld figure is figures.SUPPRESSED. The same content always gives the same.
    `declared` is what the template says of its counts and rates (ties.py)."""
    if not threshold:
        return content
    found = counts.read(content)
    system = relations.find(found, content, declared)
    hidden = complement.withheld(system, threshold)
    gone = [count for count, quantity in zip(found.every, system.of, strict=True) if quantity in hidden]
    withheld = Withheld(
        frozenset(one.place for one in gone),
        frozenset(one.value for one in gone),
        threshold,
        is_of_few=0 < content.rows.used < threshold,
    )
    figures = rates.apply(content, withheld, ties.rates(found, content, declared))
    return texts.apply(content, figures, withheld)


def told(count: int, noun: str, threshold: int) -> str:
    """How many there are, of a plural noun: "1,204 visits", "1 visit".

    With a threshold "fewer than 5 visits" or, to the nearest multiple of it, "about 1,205 visits": a report may
    withhold its total, and what two questions find that are nearly the same must not tell the difference.
    """
    if not (threshold and count):
        return words.plural(count, noun.removesuffix("s"), noun)
    if count < threshold:
        return f"fewer than {threshold} {noun}"
    return f"about {words.number(threshold * ((2 * count + threshold) // (2 * threshold)))} {noun}"
