"""What may be asked: one form for every template, made from the template's own filters."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection
from wtforms import DateField, Form, RadioField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf

from webapp import clock, words
from webapp.content import Template
from webapp.content.periods import OWN_DATES, PRESETS, Period, resolve, shifted
from webapp.content.question import COMPARISONS, Question
from webapp.files import FORMATS
from webapp.models import Clinic

EARLIEST = date(1900, 1, 1)
LONGEST_YEARS = 10
USUAL = {"period": "last_month", "compare": "before", "format": "pdf"}
"""What people ask for most, until they have asked for something else."""


def _choices(words_of: Mapping[str, str]) -> list[SelectChoice]:
    return [SelectChoice(value=value, label=label) for value, label in words_of.items()]


class DayField(DateField):
    """A day that may be left out; whether it is needed is for the form to say."""

    def process_formdata(self, valuelist: list[str]) -> None:
        if not any(text.strip() for text in valuelist):
            return
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError("Enter a real date, such as 31 October 2026.") from None


class AskForm(Form):
    """The fields every template has; form_for() adds the template's filters. The whole app checks for forgery."""

    template: Template
    clinic: Clinic

    period = RadioField(
        "Period",
        choices=_choices({**{item.name: item.label for item in PRESETS.values()}, OWN_DATES: "Other dates"}),
        validate_choice=False,
        validators=[AnyOf([*PRESETS, OWN_DATES], "Choose a period.")],
    )
    start = DayField("From")
    end = DayField("To")
    compare = RadioField(
        "Compare with",
        choices=_choices(COMPARISONS),
        default="before",
        validate_choice=False,
        validators=[AnyOf(list(COMPARISONS), "Choose what to compare with.")],
    )
    format = RadioField(
        "Format",
        choices=_choices({item.name: item.label for item in FORMATS.values()}),
        validate_choice=False,
        validators=[AnyOf(list(FORMATS), "Choose a format.")],
    )

    @property
    def filters(self) -> list[Any]:
        """The fields of the template's filters."""
        return [self[item.name] for item in self.template.filters]

    @property
    def preset_days(self) -> dict[str, str]:
        """Which days each preset means today, in few words."""
        return {item.name: words.short_dates(*item.resolve(self.today)) for item in PRESETS.values()}

    @property
    def today(self) -> date:
        return clock.today(self.clinic.timezone)

    def validate_start(self, field: DayField) -> None:
        if self._day_is_asked(field, "Enter the first day, such as 1 October 2026.") and field.data < EARLIEST:
            raise ValidationError(f"The first day must be {words.day(EARLIEST)} or later.")

    def validate_end(self, field: DayField) -> None:
        start = self.start.data
        if not self._day_is_asked(field, "Enter the last day, such as 31 October 2026.") or start is None:
            return
        if field.data < start:
            raise ValidationError(f"The last day must not be before the first, {words.day(start)}.")
        if field.data >= shifted(start, 12 * LONGEST_YEARS):
            raise ValidationError(f"Choose {LONGEST_YEARS} years or less.")

    def _day_is_asked(self, field: DayField, if_missing: str) -> bool:
        """Whether there is a day to look at. Days left behind in the form of a preset are nobody's concern."""
        if self.period.data != OWN_DATES:
            field.errors = []
            return False
        if field.errors:
            return False
        if field.data is None:
            raise ValidationError(if_missing)
        if field.data > self.today:
            raise ValidationError(f"This day has not come yet. Choose {words.day(self.today)} or earlier.")
        return True

    @property
    def chosen(self) -> dict[str, Any]:
        """The choices as an address says them, without those that leave nothing out."""
        days = (self.start, self.end) if self.period.data == OWN_DATES else ()
        asked = (self.period, *days, self.compare, *self.filters, self.format)
        filled = {item.name: item.data for item in asked if item.data}
        return {"template": self.template.name, "clinic": self.clinic.id, **filled}

    @property
    def usual(self) -> dict[str, str]:
        """What the next form may begin with, whatever its template: the period, what it is compared with and the
        format. Days of one's own are for one report; tomorrow they would be a mistake."""
        asked = (
            [self.compare, self.format] if self.period.data == OWN_DATES else [self.period, self.compare, self.format]
        )
        return {item.name: item.data for item in asked}

    def days(self) -> Period:
        """The first and the last day asked for, as the clinic's days; call it only on a form that validates."""
        if self.period.data == OWN_DATES:
            return self.start.data, self.end.data
        return resolve(self.period.data, self.today)

    def drop_what_is_not_offered(self) -> list[str]:
        """For a form filled from a link: what this template or clinic does not have is as if it had not been said. The
        labels of the fields that were changed."""
        dropped = []
        for field in self:
            if getattr(field, "choices", None) and field.data not in [choice.value for choice in field.choices]:
                dropped.append(field.label.text)
                field.data = USUAL.get(field.name, "")
        return dropped

    def forget_errors(self) -> None:
        """For a form that nobody has sent yet."""
        for field in self:
            field.errors = []

    def question(self) -> Question:
        """What is asked; call it only on a form that validates."""
        start, end = self.days()
        return Question(
            template=self.template.name,
            clinic_id=self.clinic.id,
            timezone=self.clinic.timezone,
            start=start,
            end=end,
            period=self.period.data,
            filters={field.name: field.data for field in self.filters},
            compare=self.compare.data,
        )


def form_for(template: Template, clinic: Clinic, connection: Connection, given: Mapping[str, str]) -> AskForm:
    """The form of one template at one clinic, filled with what was given."""
    fields: dict[str, Any] = {"template": template, "clinic": clinic}
    for item in template.filters:
        choices = _choices({"": item.all_words, **dict(item.choices(connection, clinic.id))})
        fields[item.name] = SelectField(
            item.label,
            choices=choices,
            default="",
            validate_choice=False,
            validators=[AnyOf([choice.value for choice in choices], "Choose one from the list.")],
        )
    form: AskForm = type("AskFormOfTemplate", (AskForm,), fields)(given)
    return form
