"""Files move from the folder to the bucket, and come to no harm."""

import io
import re

import pytest
from flask import Flask
from sqlalchemy import update

from tests.stocktaking.conftest import Run
from tests.stocktaking.holdings import audited, content, file, is_right, keys, put, spoil
from webapp import audit, report_requests
from webapp.errors import StorageBroken
from webapp.extensions import db
from webapp.models import File, FrozenPart
from webapp.stocktaking import rows
from webapp.stocktaking.move import Move
from webapp.storage import Storage
from webapp.storage.google import GoogleStorage
from webapp.storage.local import LocalStorage

TO_GOOGLE = ("move", "--from", "local", "--to", "google")


def counts(output: str) -> dict[str, int]:
    """The table of a report."""
    return {name: int(count.replace(",", "")) for name, count in re.findall(r"^  (\S.*?) +([\d,]+)$", output, re.M)}


def test_each_file_is_in_the_bucket_and_its_row_says_so(flask: Run, made: list[int], google: Storage) -> None:
    done = flask(*TO_GOOGLE)
    assert done.exit_code == 0
    assert counts(done.output)["Moved"] == 3
    assert counts(done.output)["Bytes"] == sum(file(one).size for one in made)
    assert done.output.endswith("No file needs the local store any more.\n")
    assert all(is_right(google, file(one)) for one in made)


def test_originals_stay_unless_they_are_to_be_removed(flask: Run, made: list[int], folder: Storage) -> None:
    flask(*TO_GOOGLE)
    assert len(keys(folder)) == 3


def test_originals_are_removed_when_the_rows_are_rewritten(flask: Run, folder: Storage, google: Storage) -> None:
    done = flask(*TO_GOOGLE, "--remove-originals")
    assert (counts(done.output)["Originals removed"], keys(folder), len(keys(google))) == (3, [], 3)


def test_originals_that_an_earlier_run_left_are_removed_too(flask: Run, folder: Storage, made: list[int]) -> None:
    flask(*TO_GOOGLE)
    put(folder, "reports/other/0.csv", b"nobody's")
    assert flask(*TO_GOOGLE, "--remove-originals").exit_code == 0
    assert keys(folder) == ["reports/other/0.csv"]


def test_an_original_stays_where_the_bucket_has_lost_the_file(
    flask: Run, folder: Storage, google: Storage, made: list[int]
) -> None:
    flask(*TO_GOOGLE)
    google.delete(file(made[0]).storage_key)
    flask(*TO_GOOGLE, "--remove-originals")
    assert keys(folder) == [file(made[0]).storage_key]


def test_a_file_that_is_in_the_bucket_already_is_not_fetched(
    flask: Run, made: list[int], folder: Storage, google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in made:
        put(google, file(one).storage_key, content(folder, file(one).storage_key) or b"")
    monkeypatch.setattr(LocalStorage, "read", None)
    done = flask(*TO_GOOGLE)
    assert counts(done.output)["Already there"] == 3
    assert all(is_right(google, file(one)) for one in made)


def test_a_row_without_crc32c_gets_one(flask: Run, made: list[int], google: Storage) -> None:
    before = [file(one).crc32c for one in made]
    db.session.execute(update(File).values(crc32c=None))
    db.session.commit()
    assert flask(*TO_GOOGLE).exit_code == 0
    assert [file(one).crc32c for one in made] == before


def test_wrong_bytes_in_the_bucket_are_replaced(flask: Run, made: list[int], google: Storage, folder: Storage) -> None:
    key = file(made[1]).storage_key
    put(google, key, b"wrong")
    assert flask(*TO_GOOGLE).exit_code == 0
    assert is_right(google, file(made[1]))


@pytest.mark.parametrize("why", ["missing", "corrupt"])
def test_a_lost_original_is_made_again_in_the_bucket(
    flask: Run, made: list[int], folder: Storage, google: Storage, why: str
) -> None:
    row = file(made[1])
    spoil(folder, row.storage_key) if why == "corrupt" else folder.delete(row.storage_key)
    done = flask(*TO_GOOGLE)
    assert (done.exit_code, counts(done.output)["Made again"], counts(done.output)["Moved"]) == (0, 1, 2)
    assert is_right(google, file(made[1]))
    (entry,) = audited("file.made_again")
    assert f'"identical":true,"sha256":"{row.sha256}","was_sha256":"{row.sha256}","why":"{why}"' in entry


def test_other_bytes_than_before_are_told_and_both_hashes_audited(
    flask: Run, made: list[int], folder: Storage, google: Storage
) -> None:
    """As after an upgrade of a library: the row records a hash that cannot be drawn any more."""
    row = file(made[0])
    right, old_key, was = row.sha256, row.storage_key.replace(row.sha256, "ab" * 32), "ab" * 32
    put(folder, old_key, b"x" * row.size)
    db.session.execute(update(File).where(File.id == made[0]).values(sha256=was, storage_key=old_key))
    db.session.commit()
    done = flask(*TO_GOOGLE)
    assert f"it had the SHA-256 {was} and has {right}" in done.output
    assert "1 file that was made again has the same figures but other bytes" in done.output
    now = file(made[0])
    assert (now.sha256, now.first_sha256, is_right(google, now)) == (right, was, True)
    assert f'"sha256":"{right}","was_sha256":"{was}"' in audited("file.redrawn")[0]
    assert old_key not in keys(folder)


def test_one_that_cannot_be_made_again_is_named_and_stays_where_it_was(
    flask: Run, made: list[int], folder: Storage, google: Storage
) -> None:
    row = file(made[0])
    folder.delete(row.storage_key)
    db.session.execute(update(FrozenPart).values(body=b"damaged"))
    db.session.commit()
    done = flask(*TO_GOOGLE)
    assert done.exit_code == 1
    assert f"{row.report.number} (csv) was not moved. The figures kept for this report are damaged." in done.output
    assert (counts(done.output)["Failed"], counts(done.output)["Moved"]) == (1, 2)
    assert "1 file lies in the local store." in done.output
    assert file(made[0]).store == "local"


def test_the_oldest_come_first_and_no_more_than_asked_for(flask: Run, made: list[int]) -> None:
    done = flask(*TO_GOOGLE, "--limit", "2")
    assert [file(one).store for one in made] == ["google", "google", "local"]
    assert (done.exit_code, "1 file lies in the local store." in done.output) == (0, True)


def test_rows_are_read_in_pages(flask: Run, made: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "PAGE", 1)
    flask(*TO_GOOGLE)
    assert [file(one).store for one in made] == ["google"] * 3
    assert flask("check").output.startswith("3 files and 6 objects were looked at.")


def test_a_dry_run_does_nothing(flask: Run, made: list[int], folder: Storage, google: Storage) -> None:
    folder.delete(file(made[0]).storage_key)
    put(google, file(made[1]).storage_key, content(folder, file(made[1]).storage_key) or b"")
    before = keys(google)
    done = flask(*TO_GOOGLE, "--remove-originals", "--dry-run")
    told = counts(done.output)
    assert (told["Moved"], told["Already there"], told["Made again"]) == (1, 1, 1)
    assert (keys(google), len(keys(folder)), audited("storage.moved")) == (before, 2, [])
    assert [file(one).store for one in made] == ["local"] * 3


def test_its_start_and_end_are_audited(flask: Run) -> None:
    flask(*TO_GOOGLE)
    assert len(audited("storage.move_started")) == 1
    (end,) = audited("storage.moved")
    assert '"failed":0' in end
    assert '"moved":3' in end
    assert list(audit.faults()) == []


def test_it_goes_the_other_way_as_well(flask: Run, made: list[int], folder: Storage, google: Storage) -> None:
    flask(*TO_GOOGLE, "--remove-originals")
    done = flask("move", "--from", "google", "--to", "local", "--remove-originals")
    assert done.exit_code == 0
    assert all(is_right(folder, file(one)) for one in made)
    assert keys(google) == []


# -- Somebody else does something meanwhile ------------------------------------------------------------------------


def test_a_report_deleted_meanwhile_leaves_no_object_behind(
    moving: Flask, made: list[int], folder: Storage, google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = GoogleStorage.stat

    def deleted_first(store: GoogleStorage, key: str) -> object:
        report = file(made[0]).report if db.session.get(File, made[0]) else None
        if report and key == file(made[0]).storage_key and key in keys(google):
            report_requests.delete(report, report.requester)
            put(google, key, b"as if the deletion had come first")
        return really(store, key)

    key = file(made[0]).storage_key
    monkeypatch.setattr(GoogleStorage, "stat", deleted_first)
    move = Move(folder, google)
    move.run()
    assert (move.tally.files["skipped"], move.tally.files["moved"], move.tally.files["failed"]) == (1, 2, 0)
    assert key not in keys(google) + keys(folder)


def test_two_at_once_do_no_harm(
    moving: Flask, made: list[int], folder: Storage, google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one does all of its work between our putting of the first object and the rewriting of its row."""
    other, really = Move(folder, google, remove_originals=True), GoogleStorage.put

    def put_late(store: GoogleStorage, *given: object, **named: object) -> None:
        really(store, *given, **named)  # type: ignore[arg-type]
        monkeypatch.setattr(GoogleStorage, "put", really)
        other.run()

    monkeypatch.setattr(GoogleStorage, "put", put_late)
    ours = Move(folder, google, remove_originals=True)
    ours.run()
    assert all(is_right(google, file(one)) for one in made)
    assert (len(keys(google)), keys(folder)) == (3, [])
    assert (ours.tally.files["failed"], other.tally.files["failed"]) == (0, 0)
    assert audited("file.made_again") == []


def test_a_row_that_is_redrawn_meanwhile_keeps_what_it_says(
    moving: Flask, made: list[int], folder: Storage, google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, key = GoogleStorage.put, file(made[0]).storage_key
    other = key.replace(file(made[0]).sha256, "ab" * 32)

    def put_late(store: GoogleStorage, *given: object, **named: object) -> None:
        really(store, *given, **named)  # type: ignore[arg-type]
        db.session.execute(update(File).where(File.storage_key == key).values(storage_key=other))
        db.session.commit()

    monkeypatch.setattr(GoogleStorage, "put", put_late)
    move = Move(folder, google)
    move.run(limit=1)
    assert (file(made[0]).store, file(made[0]).storage_key) == ("local", other)
    assert (move.tally.files["skipped"], keys(google)) == (1, [])


def test_what_somebody_else_has_moved_is_not_drawn(
    moving: Flask, made: list[int], folder: Storage, google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one ends between our reading of the row and of the original, which is gone then."""
    really = LocalStorage.read

    def read_late(store: LocalStorage, *given: object) -> object:
        monkeypatch.setattr(LocalStorage, "read", really)
        Move(folder, google, remove_originals=True).run()
        return really(store, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalStorage, "read", read_late)
    monkeypatch.setattr("webapp.generate.draw", None)
    move = Move(folder, google)
    move.run()
    assert (move.tally.files["skipped"], move.tally.files.total()) == (3, 3)


# -- Stores that fail ----------------------------------------------------------------------------------------------


class Failing:
    """A store whose method fails for some keys, or all."""

    def __init__(self, store: Storage, method: str, fault: StorageBroken, keys: list[str] | None = None) -> None:
        self._store, self._method, self._fault, self._keys = store, method, fault, keys
        self.tries = 0

    def __getattr__(self, name: str) -> object:
        real = getattr(self._store, name)
        if name != self._method:
            return real

        def failing(key: str, *given: object, **named: object) -> object:
            if self._keys is None or key in self._keys:
                self.tries += 1
                raise self._fault
            return real(key, *given, **named)

        return failing


def test_a_fault_of_one_file_does_not_end_it(made: list[int], folder: Storage, google: Storage) -> None:
    row, told = file(made[0]), list[str]()
    broken = Failing(google, "put", StorageBroken("503", why="failing"), [row.storage_key])
    move = Move(folder, broken, tell=told.append)  # type: ignore[arg-type]
    move.run()
    assert (move.tally.files["moved"], move.tally.files["failed"], move.tally.stopped) == (2, 1, "")
    assert file(made[0]).store == "local"
    assert told == [
        f"{row.report.number} (csv) was not moved. The file store fails (a bucket answers 500 or more). It says: 503."
    ]


@pytest.mark.parametrize("method", ["stat", "read", "put"])
def test_a_store_that_is_broken_altogether_ends_it(
    made: list[int], folder: Storage, google: Storage, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr("webapp.stocktaking.faults.IN_A_ROW", 2)
    fault = StorageBroken("403", why="refused")
    source, target = Failing(folder, method, fault), Failing(google, method, fault)
    move = Move(source if method == "read" else folder, target)  # type: ignore[arg-type]
    move.run()
    assert (source.tries + target.tries, move.tally.files["failed"]) == (2, 2)
    assert "refuses our rights" in move.tally.stopped
    assert rows.count("local") == 3


def test_bytes_that_change_on_the_way_are_not_taken_for_a_broken_store_nor_put(
    made: list[int], folder: Storage, google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.stocktaking.faults.IN_A_ROW", 2)
    move = Move(Failing(folder, "read", StorageBroken("crc", why="altered")), google)  # type: ignore[arg-type]
    move.run()
    assert (move.tally.files["failed"], move.tally.stopped, keys(google)) == (3, "", [])


def test_an_object_that_is_not_what_was_put_leaves_the_row_as_it_was(
    made: list[int], folder: Storage, google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = GoogleStorage.put

    def put_other(store: GoogleStorage, key: str, *_: object, **__: object) -> None:
        really(store, key, io.BytesIO(b"other"), size=5, content_type="text/csv", download_name="VT.csv")

    monkeypatch.setattr(GoogleStorage, "put", put_other)
    move = Move(folder, google, remove_originals=True)
    move.run()
    assert (move.tally.files["failed"], rows.count("local"), len(keys(folder))) == (3, 3, 3)


def test_it_ends_with_a_sentence_and_one_where_the_bucket_is_not_there(
    flask: Run, google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.stocktaking.faults.IN_A_ROW", 2)

    def no_bucket(*_: object, **__: object) -> None:
        raise StorageBroken("404", why="no bucket")

    monkeypatch.setattr(GoogleStorage, "put", no_bucket)
    done = flask(*TO_GOOGLE)
    assert done.exit_code == 1
    assert "It ended early. The file store has no bucket of the name that we were given." in done.output
    assert "Run the same command again when that is put right: it goes on from here." in done.output
    assert "3 files lie in the local store." in done.output


def test_ctrl_c_ends_it_with_its_report_and_the_next_run_goes_on(
    flask: Run, made: list[int], google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, puts = GoogleStorage.put, list[str]()

    def put_until(store: GoogleStorage, key: str, *given: object, **named: object) -> None:
        puts.append(key)
        if len(puts) == 2:
            raise KeyboardInterrupt
        really(store, key, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(GoogleStorage, "put", put_until)
    done = flask(*TO_GOOGLE)
    assert (done.exit_code, counts(done.output)["Moved"]) == (1, 1)
    assert "It ended early. You stopped it." in done.output
    assert '"stopped":true' in audited("storage.moved")[0]
    assert flask(*TO_GOOGLE).exit_code == 0
    assert all(is_right(google, file(one)) for one in made)


# -- What is refused --------------------------------------------------------------------------------------------------


def test_a_store_that_the_settings_do_not_name_is_refused_with_a_sentence(flask: Run) -> None:
    done = flask("move", "--from", "local", "--to", "s3")
    assert (done.exit_code, "The settings name no s3 store: set STORAGE_BUCKET" in done.output) == (1, True)
    same = flask("move", "--from", "local", "--to", "local")
    assert "--from and --to must differ" in same.output
