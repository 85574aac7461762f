"""One drawing of the gallery."""

from dataclasses import dataclass

from webapp.figures import Chart, Table


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    chart: Chart
    table: Table
