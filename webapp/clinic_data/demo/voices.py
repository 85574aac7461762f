"""What patients say afterwards, and when somebody answers."""

from datetime import date, datetime, timedelta
from random import Random

from webapp.clinic_data.demo.places import Worker
from webapp.clinic_data.demo.year import Year, pick

CATEGORIES = ("Care", "Waiting time", "Staff", "Premises", "Booking")

_BAD = {
    "Care": ("I left without knowing what happens next.", "My questions were not answered.", "Treated in a hurry."),
    "Waiting time": ("Two hours for five minutes with the doctor.", "Waited past noon again.",
                     "Nobody said why it took so long."),
    "Staff": ("The front desk was short with my mother.", "Felt sent from window to window."),
    "Premises": ("Too hot in the waiting room and not enough chairs.", "The washroom was out of order."),
    "Booking": ("Could not get through by phone for three days.", "My appointment was moved twice."),
}  # fmt: skip
_MIDDLING = {
    "Care": ("Fine, but I had to ask for my results.", "Helpful, a little rushed."),
    "Waiting time": ("Good doctor, long queue.", "Better than last time, still slow on Mondays."),
    "Staff": ("Polite but very busy.", "Some are friendlier than others."),
    "Premises": ("Clean, but crowded in the morning.", "Parking is hard to find."),
    "Booking": ("Online booking would help.", "Reminder came the same day only."),
}
_GOOD = {
    "Care": ("Everything was explained in plain words.", "My son was not afraid for once.", "Very thorough, thank you.",
             "The pain is gone."),
    "Waiting time": ("In and out in half an hour.", "Seen on time."),
    "Staff": ("The nurse remembered my name.", "Kind from the door to the pharmacy.", "Salamat po!",
              "Merci à toute l’équipe."),
    "Premises": ("Spotless.", "The new chairs are a blessing."),
    "Booking": ("Got an appointment the same day.", "The reminder by text is useful."),
}  # fmt: skip


def rating(rng: Random, worker: Worker, progress: float, waited: bool) -> int | None:
    """1 to 5, better with the years and worse after a wait; None where only words were left."""
    if rng.random() < 0.03:
        return None
    mood = worker.manner + 0.35 * (progress - 0.5) - (0.45 if waited else 0.0)
    weights = tuple(weight * (1 + 0.5 * mood) ** (step - 2) for step, weight in enumerate((5, 6, 14, 35, 40)))
    return rng.choices((1, 2, 3, 4, 5), weights)[0]


def remark(rng: Random, stars: int | None, waited: bool) -> tuple[str, str]:
    """What it was about, and the words, which most people spare themselves."""
    weights = (30.0, 40.0, 18.0, 8.0, 10.0) if waited else (40.0, 18.0, 26.0, 9.0, 7.0)
    category = pick(rng, CATEGORIES, weights)
    words = _MIDDLING if stars is None or stars == 3 else _BAD if stars < 3 else _GOOD
    silent = rng.random() < {1: 0.15, 2: 0.25, 3: 0.55, 4: 0.65, 5: 0.55}.get(stars or 0, 0.0)
    return category, "" if silent else rng.choice(words[category])


def submitted(rng: Random, year: Year, day: date, left_at: datetime) -> datetime:
    """On the phone before leaving, or on one of the next evenings."""
    if rng.random() < 0.45:
        return left_at + timedelta(minutes=rng.randint(2, 40))
    return year.moment(day + timedelta(days=rng.randint(1, 4)), rng.randint(8, 20), rng.randrange(60))


def answered(rng: Random, year: Year, day: date, stars: int | None) -> datetime | None:
    """Complaints are answered more often and sooner, on open days; what is due after the demo's end is open still."""
    if rng.random() > {1: 0.88, 2: 0.84, 3: 0.55}.get(stars or 3, 0.34):
        return None
    delay = 1 + int(rng.expovariate(1 / (2.0 if stars and stars < 3 else 4.5)))
    reply_on = year.next_open(day + timedelta(days=delay))
    return (
        year.moment(reply_on, rng.choice((9, 10, 11, 13, 14, 15)), rng.randrange(60)) if reply_on <= year.end else None
    )
