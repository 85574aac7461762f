from typing import get_args

from webapp.errors import StoreFault
from webapp.storage.told import TOLD


def test_each_fault_of_a_store_has_words() -> None:
    assert set(TOLD) == set(get_args(StoreFault))


def test_what_happened_is_one_sentence_and_what_to_do_says_how_downloads_go_on() -> None:
    for happened, to_do in TOLD.values():
        assert happened.endswith(".")
        assert ". " not in happened
        assert to_do.endswith("Downloads are being made again from their figures meanwhile.")
