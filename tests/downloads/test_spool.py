"""Copies of files that are wanted again in a moment: right or not there, alone in the making, and bounded."""

import errno
import os
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from webapp import clock
from webapp.clock import Deadline
from webapp.downloads.spool import IN_MEMORY, Spool, TurnNotHad
from webapp.errors import StorageBroken

SMALL, LARGE = b"small", os.urandom(1000) * (IN_MEMORY // 500)
ROOM = 3 * len(LARGE)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", ROOM)


def name(data: bytes) -> str:
    return sha256(data).hexdigest()


def fill(spool: Spool, data: bytes, expected: bytes | None = None) -> bytes:
    wanted = data if expected is None else expected
    chunks = [data[start : start + 100_000] for start in range(0, len(data), 100_000)]
    measured, stream = spool.fill(chunks, size=len(wanted), sha256=name(wanted))
    with stream:
        got = stream.read()
    assert (measured.size, measured.sha256) == (len(got), name(got))
    return got


def copies(spool: Spool) -> list[str]:
    return sorted(path.name for path in spool.folder.glob("[0-9a-f]*"))


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
class TestCopies:
    def test_what_was_fetched_is_there_for_the_next(self, spool: Spool, data: bytes) -> None:
        assert fill(spool, data) == data
        copy = spool.find(name(data), len(data))
        assert copy is not None
        with copy:
            assert copy.read() == data

    def test_what_was_drawn_is_there_for_the_next(self, spool: Spool, data: bytes, tmp_path: Path) -> None:
        (tmp_path / "drawn").write_bytes(data)
        with (tmp_path / "drawn").open("rb") as drawn:
            spool.keep(drawn, len(data), name(data))
            assert drawn.read() == data
        assert copies(spool) == [name(data)]

    def test_other_bytes_than_expected_are_handed_back_and_not_kept(self, spool: Spool, data: bytes) -> None:
        changed = b"x" + data[1:]
        assert fill(spool, changed, expected=data) == changed
        assert copies(spool) == []

    def test_no_more_is_taken_in_than_one_byte_too_many(self, spool: Spool, data: bytes) -> None:
        assert fill(spool, data + bytes(ROOM * 2), expected=data) == data + b"\0"
        assert copies(spool) == []

    def test_a_copy_that_went_bad_is_not_handed_out_and_goes(self, spool: Spool, data: bytes) -> None:
        fill(spool, data)
        path = spool.folder / name(data)
        path.write_bytes(b"x" + data[1:])
        assert spool.find(name(data), len(data)) is None
        assert copies(spool) == []

    def test_a_transfer_that_breaks_off_leaves_nothing(self, spool: Spool, data: bytes) -> None:
        def broken() -> Iterator[bytes]:
            yield data
            raise StorageBroken("broken off", why="altered")

        with pytest.raises(StorageBroken):
            spool.fill(broken(), size=len(data) + 5, sha256=name(data))
        assert copies(spool) == []

    def test_copies_are_for_us_alone(self, spool: Spool, data: bytes) -> None:
        fill(spool, data)
        assert (spool.folder / name(data)).stat().st_mode & 0o777 == 0o600


class TestRoom:
    def test_the_longest_unused_go_first_and_it_is_never_more_than_the_room(self, spool: Spool) -> None:
        files = [bytes([number]) * len(LARGE) for number in range(4)]
        start = clock.now()
        for number, data in enumerate(files):
            with clock.stopped_at(start + timedelta(seconds=number)):
                fill(spool, data)
                if number == 2:
                    found = spool.find(name(files[0]), len(LARGE))
                    assert found is not None
                    found.close()
        assert copies(spool) == sorted(name(files[number]) for number in (0, 2, 3))

    def test_what_nobody_has_used_for_two_minutes_goes(self, spool: Spool) -> None:
        fill(spool, SMALL)
        with clock.stopped_at(clock.now() + timedelta(seconds=119)):
            spool.clean()
            assert copies(spool) == [name(SMALL)]
        with clock.stopped_at(clock.now() + timedelta(seconds=121)):
            spool.clean()
            assert copies(spool) == []

    def test_a_copy_that_goes_while_it_is_read_is_read_to_its_end(self, spool: Spool) -> None:
        fill(spool, LARGE)
        copy = spool.find(name(LARGE), len(LARGE))
        assert copy is not None
        with clock.stopped_at(clock.now() + timedelta(hours=1)):
            spool.clean()
        with copy:
            assert copy.read() == LARGE

    def test_a_copy_that_is_being_made_keeps_its_room_until_it_is_there(self, spool: Spool) -> None:
        def while_another_comes() -> Iterator[bytes]:
            yield LARGE[:IN_MEMORY]
            with pytest.raises(StorageBroken) as raised:
                # Of all the room one third is taken already.
                fill(spool, bytes(ROOM - len(LARGE) + 1))
            assert (raised.value.why, raised.value.is_ours) == ("full", True)
            yield LARGE[IN_MEMORY:]

        _, stream = spool.fill(while_another_comes(), size=len(LARGE), sha256=name(LARGE))
        with stream:
            assert stream.read() == LARGE
        assert copies(spool) == [name(LARGE)]

    def test_what_another_process_left_is_looked_after(self, tmp_path: Path) -> None:
        gone = Spool(tmp_path / "spool", ROOM)
        fill(gone, SMALL)
        spool = Spool(tmp_path / "spool", ROOM, lifetime=0)
        spool.look_after()
        assert copies(spool) == []

    def test_a_large_file_is_not_held_in_memory(self, tmp_path: Path) -> None:
        piece = bytes(1024 * 1024)
        expected = name(piece * 24)
        spool = Spool(tmp_path / "spool", 32 * len(piece))
        tracemalloc.start()
        try:
            got, stream = spool.fill((bytes(len(piece)) for _ in range(24)), size=24 * len(piece), sha256=expected)
            with stream:
                assert (got.size, got.sha256) == (24 * len(piece), expected)
            assert tracemalloc.get_traced_memory()[1] < 8 * len(piece)
        finally:
            tracemalloc.stop()

    def test_what_a_killed_process_was_making_goes(self, spool: Spool) -> None:
        fill(spool, SMALL)
        (spool.folder / f"{name(LARGE)}.1.1.{len(LARGE)}.part").write_bytes(b"half")
        with clock.stopped_at(clock.now() + timedelta(seconds=601)):
            spool.clean()
        assert copies(spool) == []

    def test_a_file_larger_than_the_room_is_refused(self, spool: Spool) -> None:
        with pytest.raises(StorageBroken) as raised:
            spool.fill([SMALL], size=ROOM + 1, sha256=name(SMALL))
        assert raised.value.why == "full"

    def test_a_full_disk_refuses_a_large_file_and_lets_a_small_one_through(
        self, spool: Spool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("webapp.downloads.spool.os.open", full)
        assert fill(spool, SMALL) == SMALL
        with pytest.raises(StorageBroken) as raised:
            spool.fill([LARGE], size=len(LARGE), sha256=name(LARGE))
        assert raised.value.why == "full"
        assert copies(spool) == []


class TestTurn:
    def test_one_of_many_fetches_a_file_and_the_others_find_it(self, spool: Spool) -> None:
        fetched: list[int] = []
        start = threading.Barrier(8)

        def work() -> None:
            start.wait()
            with spool.turn(name(SMALL), Deadline(60)):
                copy = spool.find(name(SMALL), len(SMALL))
                if copy is None:
                    fetched.append(1)
                    fill(spool, SMALL)
                else:
                    copy.close()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert fetched == [1]

    def test_whoever_wants_a_file_that_is_here_need_not_wait_for_who_reads_it(self, spool: Spool) -> None:
        with spool.turn(name(SMALL), Deadline(60)):
            fill(spool, SMALL)
            with spool.turn(name(SMALL), Deadline(0)):
                assert copies(spool) == [name(SMALL)]

    def test_a_turn_that_is_not_had_in_time_is_told(self, spool: Spool) -> None:
        with spool.turn(name(SMALL), Deadline(60)), pytest.raises(TurnNotHad), spool.turn(name(SMALL), Deadline(0)):
            pass

    def test_another_file_has_a_turn_of_its_own(self, spool: Spool) -> None:
        with spool.turn("00000000" + "a" * 56, Deadline(60)), spool.turn("00000001" + "a" * 56, Deadline(0)):
            pass

    def test_a_turn_ends_with_its_holder(self, spool: Spool) -> None:
        with pytest.raises(RuntimeError), spool.turn(name(SMALL), Deadline(60)):
            raise RuntimeError
        with spool.turn(name(SMALL), Deadline(0)):
            pass

    def test_where_the_folder_cannot_be_used_nobody_waits(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"")
        spool = Spool(tmp_path / "file" / "spool", ROOM)
        with spool.turn(name(SMALL), Deadline(0)), spool.turn(name(SMALL), Deadline(0)):
            assert fill(spool, SMALL) == SMALL
