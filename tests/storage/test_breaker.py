"""A store that fails is left alone for a while, longer each time, and tried by one call at a time."""

import pytest

from tests.downloads.scripted_store import ScriptedStore
from tests.storage.objects import KEY, bytes_of, put
from webapp.clock import Deadline
from webapp.errors import CannotSign, StorageBroken, StorageMissing, StoreFault
from webapp.storage.breaker import FIRST_REST, LONGEST_REST, Breaker, Guarded


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def deadline(self, seconds: float) -> Deadline:
        clock, end = self, self.now + seconds

        class Until(Deadline):
            @property
            def left(self) -> float:
                return max(0.0, end - clock.now)

        return Until(seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock.deadline)


def fail(breaker: Breaker, why: StoreFault = "failing", retry_after: float | None = None) -> None:
    with pytest.raises(StorageBroken), breaker.call():
        raise StorageBroken("scripted", why=why, retry_after=retry_after)


def works(breaker: Breaker) -> bool:
    """Whether a call is let through; it ends well."""
    try:
        with breaker.call():
            return True
    except StorageBroken as fault:
        return fault.why != "resting"


def test_nothing_is_held_back_while_all_is_well(breaker: Breaker) -> None:
    assert works(breaker)
    assert works(breaker)


def test_after_a_fault_the_store_is_left_alone_and_the_fault_is_named(breaker: Breaker, clock: Clock) -> None:
    fail(breaker, "slow")
    clock.now += FIRST_REST - 1
    with pytest.raises(StorageBroken, match="slow") as caught, breaker.call():
        pytest.fail("let through")
    assert caught.value.why == "resting"


def test_a_call_that_ends_well_after_the_rest_opens_it_to_all(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += FIRST_REST
    assert works(breaker)
    assert works(breaker)


def test_each_further_fault_doubles_the_rest_up_to_the_longest(breaker: Breaker, clock: Clock) -> None:
    for seconds in (15, 30, 60, 120, 240, 240, 240):
        fail(breaker)
        clock.now += seconds - 1
        assert not works(breaker)
        clock.now += 1
    assert works(breaker)


def test_a_success_forgets_how_often_it_failed(breaker: Breaker, clock: Clock) -> None:
    for _ in range(3):
        fail(breaker)
        clock.now += LONGEST_REST
    assert works(breaker)
    fail(breaker)
    clock.now += FIRST_REST
    assert works(breaker)


@pytest.mark.parametrize(("asked", "rest"), [(1, FIRST_REST), (100, 100), (100_000, LONGEST_REST)])
def test_a_store_that_asks_for_a_rest_has_it_within_bounds(
    breaker: Breaker, clock: Clock, asked: float, rest: float
) -> None:
    fail(breaker, "busy", retry_after=asked)
    clock.now += rest - 1
    assert not works(breaker)
    clock.now += 1
    assert works(breaker)


def test_one_call_at_a_time_tries_a_store_that_has_rested(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += FIRST_REST
    with breaker.call():
        assert not works(breaker)
    assert works(breaker)


@pytest.mark.parametrize("why", ["altered", "full"])
def test_a_fault_of_one_object_alone_is_none_of_the_store(breaker: Breaker, why: StoreFault) -> None:
    fail(breaker, why)
    assert works(breaker)


@pytest.mark.parametrize("answer", [StorageMissing("scripted"), CannotSign("scripted")])
def test_an_answer_that_is_no_fault_closes_it(
    breaker: Breaker, clock: Clock, answer: StorageMissing | CannotSign
) -> None:
    fail(breaker)
    clock.now += FIRST_REST
    with pytest.raises(type(answer)), breaker.call():
        raise answer
    assert works(breaker)


def test_a_trial_that_ends_in_something_else_leaves_the_next_one_its_turn(breaker: Breaker, clock: Clock) -> None:
    fail(breaker)
    clock.now += FIRST_REST
    with pytest.raises(KeyboardInterrupt), breaker.call():
        raise KeyboardInterrupt
    assert works(breaker)


class TestGuarded:
    @pytest.fixture
    def store(self) -> ScriptedStore:
        return ScriptedStore()

    @pytest.fixture
    def guarded(self, store: ScriptedStore, breaker: Breaker) -> Guarded:
        return Guarded(store, breaker)

    def test_it_is_the_store_as_long_as_that_works(self, store: ScriptedStore, guarded: Guarded) -> None:
        put(guarded, b"the report")
        assert bytes_of(guarded) == b"the report"
        assert guarded.stat(KEY) == next(guarded.list())
        assert guarded.signed_url(KEY, seconds=5) == store.signed_url(KEY, seconds=5)
        guarded.delete(KEY)
        assert list(guarded.list()) == []

    def test_a_store_that_rests_is_not_asked(self, store: ScriptedStore, guarded: Guarded) -> None:
        store.faults["client"] = "unreachable"
        for _ in range(3):
            with pytest.raises(StorageBroken):
                bytes_of(guarded)
        assert store.calls["read"] == 1

    def test_a_fault_while_the_bytes_come_counts_as_well(self, guarded: Guarded, store: ScriptedStore) -> None:
        put(guarded, b"the report")
        with pytest.raises(StorageBroken), guarded.read(KEY, Deadline(5)):
            raise StorageBroken("scripted", why="slow")
        with pytest.raises(StorageBroken) as caught:
            bytes_of(guarded)
        assert caught.value.why == "resting"

    def test_a_signed_url_that_is_refused_leaves_the_client_its_try(
        self, store: ScriptedStore, guarded: Guarded
    ) -> None:
        put(guarded, b"the report")
        store.faults["signed"] = "refused"
        with pytest.raises(StorageBroken), guarded.read_signed(KEY, Deadline(5)):
            pass
        assert bytes_of(guarded) == b"the report"


def test_many_that_fail_together_count_as_one_fault(breaker: Breaker, clock: Clock) -> None:
    under_way = [breaker.call() for _ in range(5)]
    for call in under_way:
        call.__enter__()
    for call in under_way:
        assert not call.__exit__(StorageBroken, StorageBroken("scripted", why="slow"), None), "it swallowed the fault"
    clock.now += FIRST_REST
    assert works(breaker)


@pytest.mark.parametrize("fault", [CannotSign("no key"), StorageBroken("of our disk", why="failing", is_ours=True)])
def test_what_proves_nothing_of_the_store_does_not_make_it_well(
    breaker: Breaker, clock: Clock, fault: Exception
) -> None:
    fail(breaker)
    clock.now += FIRST_REST
    with pytest.raises(type(fault)), breaker.call():
        raise fault
    fail(breaker)
    clock.now += FIRST_REST
    assert not works(breaker)
    clock.now += FIRST_REST
    assert works(breaker)
