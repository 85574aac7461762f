"""From which value to which a plot of bubbles reaches."""

import pytest

from webapp.figures import Column, Zone
from webapp.files import spans
from webapp.files.series import Series, Values


def values(key: str, *figures: float, unit: str = "", zones: tuple[Zone, ...] = ()) -> Values:
    column = Column(key, key, "number", unit)
    return Values("moment", ("",) * len(figures), (Series(column, figures),), zones=zones)


@pytest.mark.parametrize(
    ("key", "unit", "figures", "ends"),
    [
        ("oxygen", "%", (97, 98), (92.0, 100.0)),
        ("oxygen", "%", (88, 91), (85.5, 93.5)),
        ("pulse", "", (70, 72), (56.0, 86.0)),
        ("respiration", "", (15, 15), (10.0, 20.0)),
        ("systolic", "", (120, 124), (102.0, 142.0)),
        ("temperature", "", (36.6, 36.8), (35.7, 37.7)),
        ("glucose", "", (1.0, 1.2), (0.0, 4.0)),
        ("weight", "", (75, 75), (73.5, 76.5)),
        ("other", "", (10, 20), (8.8, 21.2)),
        ("pulse", "", (50, 150), (38.0, 162.0)),
    ],
)
def test_a_small_step_is_no_cliff(key: str, unit: str, figures: tuple[float, ...], ends: tuple[float, float]) -> None:
    assert spans.span(values(key, *figures, unit=unit), figures) == pytest.approx(ends)


def test_zones_have_their_own_span() -> None:
    zones = (Zone(None, 91.5, 3), Zone(91.5, 93.5, 2), Zone(93.5, 95.5, 1), Zone(95.5, None, 0))
    assert spans.span(values("oxygen", 97, 98, unit="%", zones=zones), (97, 98)) == (90.5, 100.0)
