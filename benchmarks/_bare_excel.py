"""The floor under workbooks: the very calls of XlsxWriter that a report makes, and nothing between them.

They are written down while the report's workbook is made, and made again: the same cells, formats and charts. The bytes
must be the same.
"""

import io
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import xlsxwriter

from webapp.figures import Document
from webapp.files import to_excel

Call = tuple[int, str, tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class _Made:
    """Stands for the object that the call of that number gave; 0 is the workbook."""

    number: int


@dataclass
class Log:
    """The calls in order. `objects` are what they gave, by the number of the call from 1 on."""

    calls: list[Call] = field(default_factory=list)
    objects: dict[int, Any] = field(default_factory=dict)


class _Told:
    """A workbook, a sheet, a format or a chart that writes down what is asked of it."""

    def __init__(self, log: Log, number: int) -> None:
        self._log, self._number = log, number

    def __getattr__(self, name: str) -> Any:
        known = getattr(self._log.objects[self._number], name)
        if not callable(known):
            return known

        def call(*args: Any, **named: Any) -> Any:
            args = tuple(_Made(arg._number) if isinstance(arg, _Told) else arg for arg in args)
            self._log.calls.append(deepcopy((self._number, name, args, named)))
            made = known(*(_found(self._log.objects, arg) for arg in args), **named)
            number = len(self._log.calls)
            self._log.objects[number] = made
            return _Told(self._log, number) if type(made).__module__.startswith("xlsxwriter.") else made

        return call


def _found(objects: dict[int, Any], arg: Any) -> Any:
    return objects[arg.number] if isinstance(arg, _Made) else arg


def calls(document: Document) -> list[Call]:
    """Those of the workbook of `document`."""
    log = Log()
    real = xlsxwriter.Workbook

    def workbook(buffer: Any, options: dict[str, Any]) -> Any:
        log.objects[0] = real(buffer, options)
        return _Told(log, 0)

    with mock.patch.object(xlsxwriter, "Workbook", workbook):
        to_excel.draw(document)
    return log.calls


def ready(made: list[Call]) -> Callable[[], bytes]:
    """What makes the workbook once. XlsxWriter changes what it is given, so it is given copies of its own."""
    own = deepcopy(made)

    def draw() -> bytes:
        buffer = io.BytesIO()
        objects: dict[int, Any] = {0: xlsxwriter.Workbook(buffer, to_excel.OPTIONS)}
        for number, (of, name, args, named) in enumerate(own, 1):
            objects[number] = getattr(objects[of], name)(*(_found(objects, arg) for arg in args), **named)
        return buffer.getvalue()

    return draw
