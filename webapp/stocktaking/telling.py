"""Reports of a move and of a check in plain words."""

from webapp.stocktaking import check, move
from webapp.stocktaking.check import FAULTS, Fault
from webapp.stocktaking.move import OUTCOMES
from webapp.words import number, plural

GOES_ON = "Nothing is lost. Run the same command again when that is put right: it goes on from here."

MEANING: dict[Fault, str] = {
    "missing": "the object is not there",
    "corrupt": "the object is not what was stored",
    "misplaced": "the object lies in another store than its row says",
    "orphaned": "an object that belongs to no file",
    "unreadable": "the store cannot say",
}


def of_move(tally: move.Tally, source: str, target: str, *, left: int, dry_run: bool) -> str:
    """`left` is how many files lie in the source still."""
    title = f"From the {source} to the {target} store"
    lines = [f"{title}, if it were done now:" if dry_run else f"{title}:"]
    lines += [f"  {outcome.capitalize():<18}{number(tally.files[outcome]):>10}" for outcome in OUTCOMES]
    if tally.removed:
        lines.append(f"  {'Originals removed':<18}{number(tally.removed):>10}")
    lines.append(f"  {'Bytes':<18}{number(tally.bytes):>10}")
    if tally.other_bytes:
        which = plural(tally.other_bytes, "file that was made again has", "files that were made again have")
        lines.append(f"{which} the same figures but other bytes: the audit log holds both hashes.")
    if tally.stopped:
        lines.append(f"It ended early. {tally.stopped} {GOES_ON}")
    lines.append(f"{plural(left, 'file lies', 'files lie')} in the {source} store." if left else _all_gone(source))
    return "\n".join(lines)


def _all_gone(source: str) -> str:
    return f"No file needs the {source} store any more."


def of_check(tally: check.Tally, *, repaired: bool) -> str:
    lines = [f"{plural(tally.files, 'file')} and {plural(tally.objects, 'object')} were looked at."]
    for fault in FAULTS:
        if found := tally.found[fault]:
            done = f"{number(tally.repaired[fault]):>8} repaired" if repaired else ""
            lines.append(f"  {fault.capitalize():<12}{number(found):>8}{done}   {MEANING[fault]}")
    if tally.copies:
        has = plural(tally.copies, "file has a copy", "files have copies")
        lines.append(f"{has} in another store too, where nothing needs it.")
    if tally.waiting:
        lines.append(f"{plural(tally.waiting, 'file is', 'files are')} not there, and put back by a worker soon.")
    if tally.stopped:
        lines.append(f"It ended early, so this is not all. {tally.stopped}")
    return "\n".join([*lines, _verdict(tally, repaired=repaired)])


def _verdict(tally: check.Tally, *, repaired: bool) -> str:
    left = tally.left()
    if left and not repaired:
        return f"{plural(left, 'fault')} found. Repair what can be: flask --app webapp storage check --repair"
    if left:
        return f"{plural(left, 'fault')} could not be repaired: the lines above say why."
    if tally.stopped:
        return "Run it again when that is put right."
    return "All is well now." if tally.found.total() else "All is well."
