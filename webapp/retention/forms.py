from typing import Any

from wtforms import Form, IntegerField, RadioField, SelectField, TextAreaField
from wtforms.validators import AnyOf, DataRequired, Length, NumberRange

from webapp import words
from webapp.content import TEMPLATES
from webapp.models import Clinic
from webapp.models.retention import LONGEST_DAYS
from webapp.retention.keeping import MONTHS

UNTIL_ENDED = "until ended"
DAYS_WANTED = f"Enter a whole number of days from 1 to {words.number(LONGEST_DAYS)}."


def _one_line(text: str | None) -> str:
    return " ".join(words.printable(text or "").split())


class ReasonForm(Form):
    """Why a report stays; read by people, so it is asked for in their words."""

    reason = TextAreaField(
        "Reason",
        filters=[_one_line],
        validators=[
            DataRequired("Enter a reason, so that others know why this report stays."),
            Length(max=300, message="Enter 300 characters or fewer."),
        ],
    )


class KeepForm(ReasonForm):
    """`lasts` is for how long: one of keeping.MONTHS, or UNTIL_ENDED for those who may."""

    lasts = RadioField("How long", validate_choice=False)

    def __init__(self, *given: Any, may_keep_for_good: bool) -> None:
        super().__init__(*given, data={"lasts": next(iter(MONTHS))})
        offered = {name: name for name in MONTHS} | (
            {UNTIL_ENDED: "Until somebody ends it"} if may_keep_for_good else {}
        )
        self.lasts.choices = list(offered.items())
        self.lasts.validators = [AnyOf(list(offered), "Choose for how long.")]

    @property
    def months(self) -> int | None:
        return MONTHS.get(self.lasts.data)


class DaysField(IntegerField):
    """A whole number, whatever is wrong with it told in one way."""

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            self.data = None


class RuleForm(Form):
    """A rule to be added, or in place of one for the same reports. An empty clinic or template is every one."""

    clinic = SelectField("Clinic")
    template = SelectField("Report")
    days = DaysField("Days", validators=[NumberRange(1, LONGEST_DAYS, DAYS_WANTED)])

    def __init__(self, *given: Any, clinics: list[Clinic], every_clinic: bool) -> None:
        super().__init__(*given)
        whole = [("", "Every clinic")] if every_clinic else []
        self.clinic.choices = whole + [(str(clinic.id), clinic.name) for clinic in clinics]
        self.template.choices = [("", "Every report"), *((item.name, item.title) for item in TEMPLATES.values())]
