"""How sure a share is: its confidence interval, and which share stands out."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from webapp.content import findings

LEVEL = 95
LEADER_RULE = (
    f"The highest share is named where its whole {LEVEL} % interval (Wilson's score interval; Newcombe, Statistics in "
    "Medicine 1998; 17: 857) lies above the share of all together and above every other; those of under "
    f"{findings.SMALL} are not compared."
)
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


def leader(found: Mapping[str, tuple[int, int]]) -> str:
    """The name of the highest share (part, whole) where it is so hardly by chance: its whole interval lies above the
    share of all together, and above that of each other. Empty where there is none. Those with a whole under
    findings.SMALL are not compared."""
    shares = {name: pair for name, pair in found.items() if pair[1] >= findings.SMALL}
    if len(shares) < 2:
        return ""
    top = max(shares, key=lambda name: shares[name][0] / shares[name][1])
    interval = wilson(*shares[top])
    together = tuple(map(sum, zip(*found.values(), strict=True)))
    others = [together, *(pair for name, pair in shares.items() if name != top)]
    stands_out = interval and all(interval.low > 100 * part / whole for part, whole in others)
    return top if stands_out else ""
