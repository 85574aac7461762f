"""How a sheet is understood: its layout, what was answered about it, and what whoever brought it has chosen; and what
follows from that, more questions or a dry run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select

from webapp import clock
from webapp.extensions import db
from webapp.models import Clinic, RememberedLayout, Upload
from webapp.uploads import layout as layouts
from webapp.uploads.checking import Choices, check
from webapp.uploads.layout import LEFT_OUT, Answers, Ask, Layout
from webapp.uploads.workbook import Sheet, Workbook

_MISSING = {"day": "Enter a date.", "time": "Enter a time."}
_UNREADABLE = {
    "day": "Enter a real date, such as 31 October 2026.",
    "time": "Enter a time, such as 14:05.",
}


@dataclass(frozen=True, slots=True)
class Understanding:
    """What models.Upload.answers holds: `layout` as it was recognised, before anything was answered."""

    layout: Layout
    answers: Answers = field(default_factory=Answers)
    choices: Choices = field(default_factory=Choices)

    def to_json(self) -> str:
        choices = self.choices
        plain = {
            "layout": self.layout.to_json(),
            "answers": self.answers.to_json(),
            "unknown": choices.unknown,
            "by_mrn": dict(choices.by_mrn),
            "scales": choices.scales,
            "names": {mrn: list(name) for mrn, name in choices.names.items()},
        }
        return json.dumps(plain, ensure_ascii=False)

    @classmethod
    def of(cls, upload: Upload) -> "Understanding":
        plain: dict[str, Any] = json.loads(upload.answers)
        names = {mrn: (family, given) for mrn, (family, given) in plain["names"].items()}
        layout, answers = Layout.from_json(plain["layout"]), Answers.from_json(plain["answers"])
        return cls(layout, answers, Choices(plain["unknown"], names, plain["by_mrn"], plain["scales"]))

    def chosen(self, choices: Choices) -> "Understanding":
        return replace(self, choices=choices)

    def settled(self, workbook: Workbook) -> Layout:
        """The layout with all that was answered about it."""
        return layouts.understood(workbook, self.layout, self.answers)

    def sheet(self, workbook: Workbook) -> Sheet:
        """The one that is read."""
        return workbook.sheets[self.settled(workbook).sheet]


def workbook_of(upload: Upload) -> Workbook:
    """The cells of a sheet that is still open."""
    assert upload.workbook is not None, "an open sheet has its cells"
    return Workbook.unpack(upload.workbook)


def first_look(clinic: Clinic, workbook: Workbook) -> Understanding:
    """As far as the headings tell, and what somebody of the clinic once said of sheets with the same ones."""
    layout = layouts.recognise(workbook)
    remembered = db.session.scalar(
        select(RememberedLayout.layout).where(
            RememberedLayout.clinic_id == clinic.id,
            RememberedLayout.headers == layouts.headers_sha256(workbook, layout),
        )
    )
    if remembered:
        layout = layouts.recognise(workbook, Layout.from_json(json.loads(remembered)))
    return Understanding(layout)


def questions(upload: Upload, workbook: Workbook, understood: Understanding) -> tuple[Ask, ...]:
    """All that the sheet does not say, answered already or not; what columns mean comes before all else."""
    return layouts.questions(workbook, understood.layout, understood.answers, upload.clinic.date_order)


def given(understood: Understanding) -> dict[str, str]:
    """The answers there are, by the keys of the questions."""
    answers = understood.answers
    single = {"sheet": answers.sheet, "date_order": answers.date_order, "name_order": answers.name_order}
    by_key: dict[str, Mapping[str, str]] = {
        "columns": {str(index): meaning for index, meaning in answers.columns.items()},
        "date_orders": {str(index): order for index, order in answers.date_orders.items()},
        "days": answers.days,
        "times": answers.times,
        "units": answers.units,
        "sex": answers.sex,
        "everybody": answers.everybody,
    }
    return {
        **{key: value for key, value in single.items() if value},
        **{f"{kind}:{of}": value for kind, told in by_key.items() for of, value in told.items()},
    }


def answered(
    upload: Upload, workbook: Workbook, understood: Understanding, form: Mapping[str, str]
) -> tuple[Understanding, dict[str, str]]:
    """What is known with the answers of a form, and which of its questions have none, with what is wrong."""
    asks = {ask.key: ask for ask in questions(upload, workbook, understood)}
    layout = understood.settled(workbook)
    answers, wrong = understood.answers, {}
    for column in layout.columns:
        key = f"columns:{column.index}"
        usual = "" if column.may_be else column.field or LEFT_OUT
        if key in form and (key in asks or form[key] != usual):
            asks.setdefault(key, Ask(key, "", "", "choice"))
    for key, ask in asks.items():
        value = form.get(key, "").strip()
        if not value and not ask.optional:
            wrong[key] = _MISSING.get(ask.kind, "Choose one.")
            continue
        try:
            answers = answers.told(key, value)
        except ValueError:
            wrong[key] = _UNREADABLE.get(ask.kind, "Choose one from the list.")
        else:
            if ask.kind == "day" and value > clock.today(upload.clinic.timezone).isoformat():
                wrong[key] = "This day has not come yet."
    return replace(understood, answers=answers), wrong


def outcome(clinic: Clinic, workbook: Workbook, understood: Understanding) -> dict[str, Any]:
    """What follows: more to be asked, or a dry run. Columns of models.Upload with their values."""
    answers = understood.to_json()
    if layouts.asked(workbook, understood.layout, understood.answers, clinic.date_order):
        return {"status": "asking", "answers": answers, "findings": None, "told": "{}"}
    drafted = layouts.drafts(
        workbook, understood.layout, understood.answers,
        zone=clinic.timezone, today=clock.today(clinic.timezone), date_order=clinic.date_order,
    )  # fmt: skip
    findings = check(drafted, understood.sheet(workbook), clinic, understood.choices)
    return {"status": "checked", "answers": answers, "findings": findings.pack(), "told": findings.told_json}


def remember(upload: Upload, workbook: Workbook, understood: Understanding, person_id: int) -> None:
    """Keep what somebody said of the columns, for the next sheet with the same headings. Not committed."""
    answers = understood.answers
    headers = layouts.headers_sha256(workbook, layouts.recognise(workbook, sheet=understood.settled(workbook).sheet))
    if not headers or not (answers.columns or answers.units or answers.sex or answers.name_order):
        return
    kept = db.session.scalar(
        select(RememberedLayout).where(
            RememberedLayout.clinic_id == upload.clinic_id, RememberedLayout.headers == headers
        )
    )
    if kept is None:
        kept = RememberedLayout(clinic_id=upload.clinic_id, headers=headers)
        db.session.add(kept)
    kept.layout, kept.person_id, kept.at = json.dumps(understood.settled(workbook).to_json()), person_id, clock.now()
