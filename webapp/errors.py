"""The faults that one room raises and another decides on.

`plain` is a sentence for the person at the desk: what happened and what to do. The exception's own text is for the log;
neither may hold patient data.
"""

from collections.abc import Iterator
from typing import Literal


def causes_of(fault: BaseException) -> Iterator[BaseException]:
    """The fault, and all that lies behind it: causes, what was being handled, what a database library wraps; each once,
    the outermost first."""
    waiting: list[BaseException] = [fault]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            behind = (one.__cause__, one.__context__, getattr(one, "orig", None))
            waiting += [cause for cause in behind if isinstance(cause, BaseException)]


class ReportFault(Exception):
    """A fault that a person is told about in words of its own."""

    plain = "Something went wrong while making this report. Try again; if it fails again, tell your administrator."

    def __init__(self, technical: str, plain: str = "") -> None:
        super().__init__(technical)
        self.plain = plain or self.plain


class FiguresFailed(ReportFault):
    """The figures could not be read from the clinic's records."""

    plain = "The figures could not be read. Try again in a few minutes; if it fails again, tell your administrator."


class RenderFailed(ReportFault):
    """A file could not be drawn from its figures: a hole in a report is a failed report."""

    plain = (
        "The figures are ready but this file could not be drawn. "
        "Try another format, and tell your administrator that this one failed."
    )


class FiguresDiffer(RenderFailed):
    """A file was drawn, but read back it does not say what was frozen. `address` names the figure by the keys of its
    section, table and column, never by its value."""

    plain = (
        "The figures are ready, but this file did not show all of them rightly, so it was thrown away. "
        "Try another format; your administrator has been told."
    )

    def __init__(self, format_name: str, address: str) -> None:
        super().__init__(f"{format_name}: {address} is not in the file as it was frozen")
        self.format_name, self.address = format_name, address


class WrongPatient(FiguresDiffer):
    """A PDF of patients was drawn, but a page of it does not show what it should of the patient it is about. `address`
    names the page and keys of figures, never a patient."""

    plain = (
        "The figures are ready, but a check found a page that may have shown one patient's figures under another's "
        "name, so the file was thrown away and nobody has it. Your administrator has been told. "
        "Until then, use another format, such as Excel."
    )


class NoRoom(RenderFailed):
    """A disk of ours is full, so a file could not be drawn."""

    plain = (
        "There is no room on the server for making this file. The figures are safe, and can be read on the page. "
        "Try again later; your administrator has been told."
    )


class FiguresDamaged(ReportFault):
    """What was frozen of a report is not there, or is not what was frozen."""

    plain = "The figures kept for this report are damaged. Ask for it again; your administrator has been told."


class ReportGone(ReportFault):
    """Somebody deleted the report while somebody else worked with it."""

    plain = "This report has been deleted."


class ReportExpired(ReportGone):
    """The report expired while somebody worked with it."""

    plain = "This report has expired, so its files and figures were removed. Ask for it again."


class ReportHeld(ReportFault):
    """The report is on legal hold."""

    plain = "This report is on legal hold, so nobody can delete it. An administrator can remove the hold."


class StorageMissing(ReportFault):
    """The store answered, and has no such object."""

    plain = "The stored file is gone. It can be made again from the same figures."


StoreFault = Literal["refused", "no bucket", "busy", "failing", "unreachable", "slow", "altered", "full", "resting"]
"""Why a store is broken: it refuses our rights (401, 403), has no such bucket, asks us to wait (408, 429), fails itself
(5xx), cannot be reached (connection refused, no such host), lets us wait too long, sends other bytes than it holds or
gets other ones than we send, has no room left (a disk of ours that is full, too), or is left alone for a while after
such a fault."""


class StorageBroken(ReportFault):
    """The store did not answer, refused us, or sent wrong bytes on the way; `why` says which. `retry_after` is the
    seconds for which the store asked to be left alone, or None. `is_ours` tells of a disk of ours, of which no store
    can be blamed."""

    plain = "We could not reach the file store. Your figures are safe; the file can be made again from them."

    def __init__(
        self,
        technical: str,
        *,
        why: StoreFault = "failing",
        retry_after: float | None = None,
        is_ours: bool = False,
    ) -> None:
        super().__init__(technical)
        self.why, self.retry_after, self.is_ours = why, retry_after, is_ours


class CannotSign(ReportFault):
    """Nothing here can sign a URL: the store is a folder, or the credentials hold no key."""


class StorageNotConfigured(ReportFault):
    """No lasting place for files is set up, and this is production."""

    plain = (
        "Files cannot be downloaded here yet, because no file store is set up. "
        "You can read the whole report on its page; your administrator has been told."
    )


class Crowded(ReportFault):
    """So many want the same large file at once that one who asked could not be served in time."""

    plain = "Many people want this file just now. Wait a minute, then download it again."


class QueueDown(ReportFault):
    """Redis did not take or answer a call. The row waits, and the sweep enqueues it later."""

    plain = "The queue is not answering. Your request is safe and will start as soon as it does."


class SheetRefused(ReportFault):
    """A file that somebody brought cannot be read as a sheet. `plain` may name cells and sheets; the exception's own
    text says only what kind of fault it is."""

    plain = "This file could not be read. Open it in Excel, save it as an Excel workbook (.xlsx), and upload that."
