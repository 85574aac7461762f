"""Sparklines: the way to a headline figure as a small line without an axis, in words for who cannot see it."""

from markupsafe import Markup

from webapp.figures import Column, Metric
from webapp.files import painters, plots
from webapp.files.marks import PALETTE, Dot, Mark, Picture
from webapp.files.series import Figure, Series

WIDE, HIGH = 80.0, 22.0
"""Pixels that the picture on a page is laid out for."""

_LINE = 0.07
"""Width of the line, as a share of the picture's height."""


def points(metric: Metric) -> list[Figure]:
    """The figures of the way, None for what is not known or withheld."""
    return [one if isinstance(one, int | float) else None for one in metric.trend]


def is_drawn(metric: Metric) -> bool:
    """Whether there is a way to see: two figures or more that are known."""
    return sum(one is not None for one in points(metric)) > 1


def picture(metric: Metric, width: float, height: float) -> Picture | None:
    """The way as a line from the lowest figure at the bottom to the highest at the top, with gaps where a figure is
    not known and a dot at the latest; None where there is no way to see."""
    if not is_drawn(metric):
        return None
    values = points(metric)
    known = [one for one in values if one is not None]
    low, high = min(known), max(known)
    edge = height * 0.16
    step = (width - 2 * edge) / (len(values) - 1)
    scale = (height - 2 * edge) / ((high - low) or 1)
    foot = height - edge if high > low else height / 2
    places = [(edge + step * at, None if one is None else foot - (one - low) * scale) for at, one in enumerate(values)]
    marks: list[Mark] = plots.strokes(places, PALETTE[0], height * _LINE)
    x, y = places[-1]
    if y is not None:
        marks.append(Dot(x, y, edge, PALETTE[0]))
    return Picture(width, height, tuple(marks))


def described(metric: Metric) -> str:
    """ "12 figures up to the latest: first 712, lowest 641, highest 913, latest 913"."""
    series = Series(Column(metric.key, metric.label, metric.kind, metric.unit, metric.decimals), tuple(points(metric)))
    known = [one for one in series.values if one is not None]
    told = {"first": series.values[0], "lowest": min(known), "highest": max(known), "latest": series.values[-1]}
    return f"{len(series.values)} figures up to the latest: " + ", ".join(
        f"{name} {'not shown' if one is None else series.written(one)}" for name, one in told.items()
    )


def svg(metric: Metric) -> Markup:
    """The sparkline for a page; nothing where there is none to draw."""
    drawn = picture(metric, WIDE, HIGH)
    return painters.svg(drawn, f"{metric.label}, trend", described(metric), "spark") if drawn else Markup("")
