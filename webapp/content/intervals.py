"""How sure a share is: its confidence interval."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from webapp.content import findings

LEVEL = 95
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 200)


@dataclass(frozen=True, slots=True)
class Interval:
    """A share and the ends of its interval, in percent with one decimal."""

    value: float
    low: float
    high: float

    def holds(self, percent: float) -> bool:
        return self.low <= percent <= self.high


def wilson(part: int, whole: int) -> Interval | None:
    """The share `part` of `whole` with its 95 % confidence interval by Wilson's score method, without correction for
    continuity; None where there is nothing to share.

    E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209; method 3 of R. G. Newcombe,
    Statistics in Medicine 17 (1998) 857.
    """
    share = findings.share(part, whole)
    if share is None:
        return None
    middle, z2 = 2 * part + _Z**2, _Z**2
    spread = _Z * sqrt(z2 + 4 * part * (whole - part) / whole)
    ends = [100 * (middle + sign * spread) / (2 * (whole + z2)) for sign in (-1, 1)]
    low, high = (int(10 * min(max(end, 0.0), 100.0) + 0.5) / 10 for end in ends)
    return Interval(share, low, high)
