"""The head of a PDF's first page: the clinic's logo with its name, and the facts under the title."""

import io
from collections.abc import Sequence

from reportlab.lib.utils import ImageReader
from reportlab.platypus.flowables import Flowable

from webapp.files import lettering
from webapp.files.logos import Logo
from webapp.files.pages import AFTER, BODY, INK, MUTED, SMALL
from webapp.files.pens import Pen, write


class Letterhead(Flowable):
    """The clinic's logo with its name beside it, at the head of the first page."""

    _NAME, _LEADING, _BETWEEN = 10.5, 13.5, 11.0

    def __init__(self, logo: Logo, name: str) -> None:
        super().__init__()
        self.logo, self.name = logo, name
        self.spaceAfter = AFTER

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.x = self.logo.width + self._BETWEEN
        self.lines = lettering.lines(self.name, width - self.x, self._NAME, True, most=2)
        self.width, self.height = width, max(self.logo.height, self._LEADING * len(self.lines))
        return self.width, self.height

    def draw(self) -> None:
        picture = ImageReader(io.BytesIO(self.logo.png))
        below = (self.height - self.logo.height) / 2
        self.canv.drawImage(picture, 0, below, self.logo.width, self.logo.height)
        y = (self.height + self._LEADING * len(self.lines)) / 2
        for line in self.lines:
            y -= self._LEADING
            write(self.canv, self.x, y + 3.5, line, self._NAME, INK, bold=True)


class Facts(Flowable):
    """Facts side by side, each under its label."""

    _ABOVE, _LABEL, _TEXT, _LEADING, _BELOW = 9.0, 8.018, 11.76, 12.053, 4.035
    """Points over all of it, down to the baseline of a label, of the first line of its text, of the next, and under the
    last baseline."""

    _BETWEEN = 8.0

    def __init__(self, facts: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.facts = facts
        self.spaceBefore = self._ABOVE

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.each = width / len(self.facts)
        self.lines = [lettering.lines(lettering.brief(text), self.each - self._BETWEEN, BODY) for _, text in self.facts]
        more = self._LEADING * (max(map(len, self.lines)) - 1)
        self.width, self.height = width, self._LABEL + self._TEXT + more + self._BELOW
        return self.width, self.height

    def draw(self) -> None:
        with Pen(self.canv) as pen:
            for at, ((label, _), lines) in enumerate(zip(self.facts, self.lines, strict=True)):
                x, y = self.each * at, self.height - self._LABEL
                pen.write(x, y, label, SMALL, MUTED)
                for down, line in enumerate(lines):
                    pen.write(x, y - self._TEXT - self._LEADING * down, line, BODY, INK)
