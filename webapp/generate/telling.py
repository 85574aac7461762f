"""How far a drawing is: told to the report's row now and then, since each time is a write to the database."""

from webapp import clock
from webapp.files import Step
from webapp.generate.claim import Claim

FROM, TO = 65, 88
"""Percent of the making between which a file is drawn."""

LEAST_SECONDS, LEAST_SHARE = 0.5, 0.05
"""What must have passed since the last time: seconds, and a share of the patients."""


def step_of(claim: Claim) -> Step:
    """What a drawing may call at each patient: "Drawing 12 of 20 patients". It stops the drawing where somebody
    cancelled, and holds no connection when it is back."""
    rest, told = clock.Deadline(LEAST_SECONDS), 0

    def step(number: int, total: int) -> None:
        nonlocal rest, told
        if not rest.has_passed or number - told < total * LEAST_SHARE:
            return
        claim.advance(f"Drawing {number:,} of {total:,} patients", FROM + (TO - FROM) * (number - 1) // total)
        rest, told = clock.Deadline(LEAST_SECONDS), number

    return step
