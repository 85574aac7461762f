from typing import Any

from wtforms import BooleanField, FileField, Form, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.models.clinic import DATE_ORDERS, MORE_CHARTS, PAPERS, THRESHOLDS, DateOrder

THRESHOLD_WORDS = {
    0: "Show every figure",
    5: "Withhold counts under 5",
    10: "Withhold counts under 10",
}

DATE_ORDER_WORDS: dict[DateOrder, str] = {
    "": "Ask each time",
    "dmy": "Day first, 3/11/2026",
    "mdy": "Month first, 11/3/2026",
    "ymd": "Year first, 2026/11/3",
}
"""How 3 November 2026 is written by each."""

MORE_CHARTS_WORDS = {"temperature": "Temperature", "oxygen_given": "Oxygen given", "consciousness": "Consciousness"}


class ClinicForm(Form):
    """How a clinic wants its reports. `logo` is a new picture, where one is chosen."""

    paper = RadioField(
        "Paper",
        choices=[SelectChoice(value=paper, label=paper) for paper in PAPERS],
        validate_choice=False,
        validators=[AnyOf(PAPERS, "Choose a paper.")],
    )
    suppress_below = RadioField(
        "Small numbers",
        choices=[SelectChoice(value=str(threshold), label=THRESHOLD_WORDS[threshold]) for threshold in THRESHOLDS],
        validate_choice=False,
        validators=[AnyOf([str(threshold) for threshold in THRESHOLDS], "Choose what to do with small numbers.")],
    )
    date_order = RadioField(
        "Dates in sheets",
        choices=[SelectChoice(value=order, label=DATE_ORDER_WORDS[order]) for order in DATE_ORDERS],
        validate_choice=False,
        validators=[AnyOf(DATE_ORDERS, "Choose how dates are written.")],
    )
    more_charts = SelectMultipleField(
        "More charts",
        choices=[SelectChoice(value=name, label=MORE_CHARTS_WORDS[name]) for name in MORE_CHARTS],
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    logo = FileField("Logo")
    without_logo = BooleanField("Remove the logo")

    def __init__(self, *given: Any, has_logo: bool, **usual: Any) -> None:
        super().__init__(*given, **usual)
        if not has_logo:
            del self.without_logo
