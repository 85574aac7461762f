"""An import in words: the table of what became of what, and the last line that says it plainly."""

from webapp.clinic_data.fhir.drafts import READERS
from webapp.clinic_data.fhir.tally import COLUMNS, Counts, Summary
from webapp.words import number, plural

MOST_OTHERS = 8


def table(summary: Summary) -> str:
    """One row a type, with the remarks beneath it; empty where nothing was read."""
    kinds = [kind for kind in READERS if kind in summary.by_type]
    rows = [(kind, summary.by_type[kind]) for kind in kinds]
    lines = []
    if rows:
        lines = [_row("", COLUMNS), *(_counted(*row) for row in rows)]
        if len(rows) > 1:
            lines.append(_counted("All", summary.total))
        lines.append("")
    return "".join(f"{line}\n" for line in [*lines, *_remarks(summary)])


def last_line(summary: Summary, clinic: str) -> str:
    """What happened, in a sentence."""
    total = summary.total
    if summary.nothing_read and summary.faults:
        fault = summary.faults[0]
        return f"Nothing was imported into {clinic}. {_where(fault.file, fault.place)}: {fault.reason}."
    if not total.read:
        return f"Nothing was imported into {clinic}: there was nothing in it that is kept here."
    done = [
        f"{number(count)} {word}"
        for word, count in (("added", total.added), ("updated", total.updated), ("removed", total.removed))
        if count
    ]
    if not done and not total.refused:
        sentence = f"Nothing new for {clinic}: {plural(total.skipped, 'record')} known already, unchanged."
    else:
        sentence = f"Imported into {clinic}: {', '.join(done) or 'nothing new'}; {number(total.skipped)} skipped."
    if summary.complete:
        return sentence
    missed = [f"{plural(total.refused, 'record')} refused"] if total.refused else []
    missed += [f"{plural(summary.unreadable, 'place')} unreadable"] if summary.unreadable else []
    return f"{sentence} But {' and '.join(missed)}: see {summary.errors}"


def _remarks(summary: Summary) -> list[str]:
    remarks = []
    if summary.others:
        shown = [f"{kind} {number(count)}" for kind, count in summary.others.most_common(MOST_OTHERS)]
        more = len(summary.others) - len(shown)
        tail = f" and {plural(more, 'more type')}" if more > 0 else ""
        count = plural(summary.others.total(), "resource")
        remarks.append(f"Other types, {count}, not kept here: {', '.join(shown)}{tail}.")
    if summary.left_out:
        remarks.append(
            f"{number(summary.left_out)} kept without the provider, visit or diagnosis they name: it was not found."
        )
    if summary.ignored_files:
        remarks.append(f"{plural(summary.ignored_files, 'file')} of other kinds not read.")
    if not summary.nothing_read:
        remarks += [f"{_where(fault.file, fault.place)}: {fault.reason}." for fault in summary.faults]
    return remarks


def _where(file: str, place: str) -> str:
    return f"{file}, {place}" if place else file


def _counted(name: str, counts: Counts) -> str:
    return _row(name, [number(getattr(counts, column)) for column in COLUMNS])


def _row(name: str, cells: tuple[str, ...] | list[str]) -> str:
    return f"{name:<16}" + "".join(f"{cell:>10}" for cell in cells)
