from typing import Any

from wtforms import BooleanField, FileField, Form, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf

from webapp.models.clinic import PAPERS, THRESHOLDS

THRESHOLD_WORDS = {
    0: "Show every figure",
    5: "Withhold counts under 5",
    10: "Withhold counts under 10",
}


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
    logo = FileField("Logo")
    without_logo = BooleanField("Remove the logo")

    def __init__(self, *given: Any, has_logo: bool, **usual: Any) -> None:
        super().__init__(*given, **usual)
        if not has_logo:
            del self.without_logo
