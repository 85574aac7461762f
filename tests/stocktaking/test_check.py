"""Every file has its object, and every object its file; what has not is told, and repaired where that is asked for."""

import pytest
from flask import Flask
from sqlalchemy import update

from tests.stocktaking.conftest import Run
from tests.stocktaking.holdings import audited, content, file, is_right, keys, put, spoil
from webapp import alerts, audit, report_requests, storage
from webapp.errors import StorageBroken
from webapp.extensions import db
from webapp.generate import keeping
from webapp.models import File
from webapp.stocktaking import rows
from webapp.stocktaking.check import Check
from webapp.storage import Storage, Stored
from webapp.storage.google import GoogleStorage
from webapp.storage.local import LocalStorage

ORPHAN = "reports/0123456789abcdef0123456789abcdef/" + "ab" * 32 + ".pdf"


@pytest.fixture
def stored(flask: Run, made: list[int]) -> list[int]:
    """The three files, moved into the bucket."""
    assert flask("move", "--from", "local", "--to", "google", "--remove-originals").exit_code == 0
    return made


def open_rules() -> list[str]:
    return [alert.rule for alert in alerts.open_alerts()]


def test_all_is_well(flask: Run, stored: list[int]) -> None:
    done = flask("check")
    assert done.exit_code == 0
    assert done.output == "3 files and 3 objects were looked at.\nAll is well.\n"


def test_a_store_that_says_enough_of_its_objects_is_not_read(
    flask: Run, stored: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GoogleStorage, "read", None)
    assert flask("check").exit_code == 0


def test_a_store_whose_list_tells_no_checksum_is_asked_for_that_of_each_object(
    flask: Run, stored: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    really = GoogleStorage.list

    def without_checksums(store: GoogleStorage, *folder: str) -> object:
        return (Stored(one.key, one.size, None) for one in really(store, *folder))

    monkeypatch.setattr(GoogleStorage, "list", without_checksums)
    monkeypatch.setattr(GoogleStorage, "read", None)
    assert flask("check").exit_code == 0


@pytest.mark.parametrize("why", ["missing", "corrupt"])
def test_a_lost_file_is_told_by_its_number_with_an_alert(
    flask: Run, stored: list[int], google: Storage, why: str
) -> None:
    row = file(stored[1])
    spoil(google, row.storage_key) if why == "corrupt" else google.delete(row.storage_key)
    done = flask("check")
    assert done.exit_code == 1
    told = "is missing" if why == "missing" else "has other bytes than were stored"
    assert f"{row.report.number} (csv) {told}.\n" in done.output
    assert "1 fault found. Repair what can be: flask --app webapp storage check --repair" in done.output
    assert open_rules() == ["stock-check"]


@pytest.mark.parametrize("why", ["missing", "corrupt"])
def test_repair_makes_a_lost_file_again_and_closes_the_alert(
    flask: Run, stored: list[int], google: Storage, why: str
) -> None:
    row = file(stored[1])
    spoil(google, row.storage_key) if why == "corrupt" else google.delete(row.storage_key)
    flask("check")
    done = flask("check", "--repair")
    assert (done.exit_code, "It is made again, byte for byte." in done.output) == (0, True)
    assert done.output.endswith("All is well now.\n")
    assert is_right(google, file(stored[1]))
    assert open_rules() == []
    assert f'"why":"{why}"' in audited("file.made_again")[0]
    assert f'"{why}":1' in audited("storage.repaired")[0]
    assert flask("check").output.endswith("All is well.\n")
    assert list(audit.faults()) == []


def test_in_a_folder_bytes_of_the_same_number_are_seen_to_be_others(
    flask: Run, made: list[int], folder: Storage, google: Storage
) -> None:
    spoil(folder, file(made[0]).storage_key)
    assert "has other bytes than were stored" in flask("check").output
    assert flask("check", "--repair").exit_code == 0
    # What is made again goes into the store that the settings name.
    assert is_right(google, file(made[0]))


def test_read_finds_what_the_word_of_the_store_hides(
    flask: Run, stored: list[int], google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = file(stored[0])
    spoil(google, row.storage_key)
    right = Stored(row.storage_key, row.size, row.crc32c)
    really = GoogleStorage.list
    monkeypatch.setattr(
        GoogleStorage,
        "list",
        lambda store, *folder: (right if one.key == right.key else one for one in really(store, *folder)),
    )
    assert flask("check").exit_code == 0
    assert flask("check", "--read").exit_code == 1


def test_a_row_without_crc32c_is_compared_by_its_bytes(flask: Run, stored: list[int], google: Storage) -> None:
    spoil(google, file(stored[0]).storage_key)
    db.session.execute(update(File).values(crc32c=None))
    db.session.commit()
    done = flask("check")
    assert "1 fault found" in done.output
    assert "1   the object is not what was stored" in done.output


def test_an_orphan_is_told_and_removed_by_repair(flask: Run, stored: list[int], google: Storage) -> None:
    put(google, ORPHAN, b"nobody's")
    done = flask("check")
    assert (done.exit_code, f"{ORPHAN} in the google store belongs to no file.\n" in done.output) == (1, True)
    assert ORPHAN in keys(google)
    assert flask("check", "--repair").exit_code == 0
    assert (ORPHAN in keys(google), len(keys(google))) == (False, 3)
    assert open_rules() == []


def test_an_object_that_gets_its_row_while_the_check_runs_is_no_orphan(
    moving: Flask, stored: list[int], google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows were read before, so the object stands alone in the merge."""
    monkeypatch.setattr("webapp.stocktaking.rows.by_key", lambda: iter(()))
    check = Check([google], home=google)
    check.run()
    assert (check.tally.left(), len(keys(google))) == (0, 3)


def test_a_report_deleted_while_the_check_runs_is_no_fault(
    moving: Flask, stored: list[int], google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = GoogleStorage.list

    def deleted_first(store: GoogleStorage, *folder: str) -> object:
        if folder:
            return really(store, *folder)
        report = file(stored[2]).report
        report_requests.delete(report, report.requester)
        return really(store)

    all_rows = list(rows.by_key())
    monkeypatch.setattr(rows, "by_key", lambda: iter(all_rows))
    monkeypatch.setattr(GoogleStorage, "list", deleted_first)
    check = Check([google], home=google)
    check.run()
    assert check.tally.found.total() == 0
    assert audited("file.made_again") == []


def test_a_file_moved_while_the_check_runs_is_no_fault(
    flask: Run, made: list[int], google: Storage, folder: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list(rows.by_key())
    flask("move", "--from", "local", "--to", "google", "--remove-originals")
    monkeypatch.setattr(rows, "by_key", lambda: iter(before))
    check = Check([google, folder])
    check.run()
    assert (check.tally.files, check.tally.left()) == (3, 0)


def test_a_report_deleted_while_its_file_is_made_again_leaves_no_object_behind(
    moving: Flask, stored: list[int], google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = GoogleStorage.put
    google.delete(file(stored[0]).storage_key)

    def put_late(store: GoogleStorage, *given: object, **named: object) -> None:
        report = file(stored[0]).report
        report_requests.delete(report, report.requester)
        really(store, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(GoogleStorage, "put", put_late)
    check = Check([google], home=google)
    check.run()
    assert (check.tally.found.total(), len(keys(google)), audited("file.made_again")) == (0, 2, [])


def test_a_file_in_another_store_than_its_row_says_is_misplaced_and_its_row_is_put_right(
    flask: Run, made: list[int], folder: Storage, google: Storage
) -> None:
    row = file(made[0])
    put(google, row.storage_key, content(folder, row.storage_key) or b"")
    folder.delete(row.storage_key)
    done = flask("check")
    assert f"{row.report.number} (csv) lies in the google store, where its row does not look for it.\n" in done.output
    assert done.exit_code == 1
    assert flask("check", "--repair").exit_code == 0
    assert is_right(google, file(made[0]))
    assert audited("file.made_again") == []


def test_a_good_copy_elsewhere_is_taken_before_anything_is_made_again(
    flask: Run, made: list[int], folder: Storage, google: Storage
) -> None:
    flask("move", "--from", "local", "--to", "google")
    spoil(google, file(made[0]).storage_key)
    assert flask("check", "--repair").exit_code == 0
    assert is_right(folder, file(made[0]))
    # The next move puts it where it belongs.
    flask("move", "--from", "local", "--to", "google")
    assert is_right(google, file(made[0]))


def test_originals_that_were_left_are_copies_and_no_faults(flask: Run, made: list[int]) -> None:
    flask("move", "--from", "local", "--to", "google")
    done = flask("check")
    assert (done.exit_code, "3 files have copies in another store too" in done.output) == (0, True)


def test_a_file_without_a_store_is_missing_until_it_is_made_again(
    flask: Run, stored: list[int], google: Storage
) -> None:
    google.delete(file(stored[0]).storage_key)
    db.session.execute(update(File).where(File.id == stored[0]).values(store=None))
    db.session.commit()
    assert "is missing" in flask("check").output
    assert flask("check", "--repair").exit_code == 0
    assert is_right(google, file(stored[0]))


def test_a_file_in_a_store_that_the_settings_do_not_name_is_left_alone(flask: Run, stored: list[int]) -> None:
    db.session.execute(update(File).where(File.id == stored[0]).values(store="s3", storage_key=ORPHAN))
    db.session.commit()
    done = flask("check", "--repair")
    assert (done.exit_code, file(stored[0]).store) == (1, "s3")
    assert "lies in the s3 store, which the settings do not name" in done.output


def test_one_that_cannot_be_read_is_told_and_the_rest_is_looked_at(
    flask: Run, made: list[int], folder: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, really = file(made[0]), LocalStorage.open

    def unreadable(store: LocalStorage, key: str) -> object:
        if key == row.storage_key:
            raise StorageBroken("reading a file failed: Input/output error")
        return really(store, key)

    alerts.raise_alert("warning", "stock-check", message="Lost.", what_to_do="Look.")
    monkeypatch.setattr(LocalStorage, "open", unreadable)
    done = flask("check", "--repair")
    assert done.exit_code == 1
    assert f"{row.report.number} (csv) cannot be looked at. The file store fails" in done.output
    assert "3 files and 3 objects" in done.output
    # Nobody knows whether that one is lost.
    assert open_rules() == ["stock-check"]


def test_a_store_that_cannot_be_listed_ends_it_with_a_sentence(
    flask: Run, stored: list[int], google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_store: GoogleStorage, *_folder: str) -> object:
        raise StorageBroken("Forbidden", why="refused")

    monkeypatch.setattr(GoogleStorage, "list", refused)
    done = flask("check", "--repair")
    assert done.exit_code == 1
    assert "It ended early, so this is not all. The file store refuses our rights" in done.output
    assert len(keys(storage.by_name("local"))) == 0


def test_a_store_that_is_broken_altogether_ends_it(
    moving: Flask, made: list[int], folder: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> object:
        raise StorageBroken("Permission denied", why="refused")

    monkeypatch.setattr("webapp.stocktaking.faults.IN_A_ROW", 2)
    monkeypatch.setattr(LocalStorage, "open", refused)
    check = Check([folder])
    check.run()
    assert (check.tally.found["unreadable"], "refuses our rights" in check.tally.stopped) == (2, True)


def test_one_that_cannot_be_made_again_remains(
    flask: Run, stored: list[int], google: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    google.delete(file(stored[0]).storage_key)

    def refused(*_: object, **__: object) -> None:
        raise StorageBroken("Forbidden", why="refused")

    monkeypatch.setattr(GoogleStorage, "put", refused)
    done = flask("check", "--repair")
    assert done.exit_code == 1
    assert "is missing. It could not be made again. The file store refuses our rights" in done.output
    assert "1 fault could not be repaired: the lines above say why." in done.output
    assert open_rules() == ["stock-check"]


def test_a_file_that_a_worker_is_about_to_put_back_is_no_fault(flask: Run, stored: list[int], google: Storage) -> None:
    row = file(stored[0])
    google.delete(row.storage_key)
    keeping.put_back_later(row.report, row.format)
    for words in (("check",), ("check", "--repair")):
        done = flask(*words)
        assert done.exit_code == 0
        assert "1 file is not there, and put back by a worker soon." in done.output
        assert row.storage_key not in keys(google)
    assert open_rules() == []


def test_deleting_a_report_removes_the_original_that_a_move_left(
    flask: Run, made: list[int], google: Storage, folder: Storage
) -> None:
    assert flask("move", "--from", "local", "--to", "google").exit_code == 0
    key, report = file(made[0]).storage_key, file(made[0]).report
    assert key in keys(google)
    assert key in keys(folder)
    report_requests.delete(report, report.requester)
    assert key not in keys(google)
    assert key not in keys(folder)
