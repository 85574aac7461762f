"""Which names are of one person."""

import pytest

from webapp.uploads.checking.names import agree, same_words

ANA = ("Reyes", "Ana")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ANA, ("reyes", "ANA")),
        (ANA, ("Ana", "Reyes")),
        (ANA, ("Reyes", "Ana M.")),
        (ANA, ("Reyes", "Ana Maria")),
        (ANA, ("Reyes", "A.")),
        (ANA, ("Reyes", "")),
        (ANA, ("Ana Reyes", "")),
        (ANA, ("", "")),
        (ANA, ("", "Ana")),
        (("Reyes", "Maria Ana"), ANA),
        (("García", "José"), ("GARCIA", "Jose")),
        (("O'Brien", "Seán"), ("OBrien", "Sean")),
        (("Nguyễn", "Đức"), ("Nguyen", "Duc")),
        (("de la Cruz", "Juan Carlos"), ("Dela Cruz", "Juan")),
        (("de la Cruz", "Juan Carlos"), ("Cruz", "Juan Carlos de la")),
        (("de la Cruz", "Juan Carlos"), ("Cruz", "Juan C. de la")),
        (("Garcia-Lopez", "Ana"), ("Garcia Lopez", "Ana")),
        (("शर्मा", "रमा"), ("शर्मा", "रमा")),
    ],
)
def test_these_agree(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert agree(one, other)
    assert agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ANA, ("Santos", "Ana")),
        (ANA, ("Reyes", "Maria")),
        (ANA, ("Santos", "Reyes")),
        (ANA, ("Rey", "Ana")),
        (ANA, ("Ana", "")),
        (ANA, ("", "Maria")),
        (ANA, ("R", "Ana")),
        (ANA, ("R.", "A.")),
        (("Reyes", "Ana M."), ("Reyes", "Ana L.")),
        (("Cruz", "Maria"), ("de la Cruz", "Maria")),
        (("Lopez", "Maria"), ("Garcia Lopez", "Maria")),
        (("Reyes", "Juan Carlos"), ("Reyes", "Juan Miguel")),
        (("शर्मा", "रमा"), ("शर्मा", "राम")),
    ],
)
def test_these_do_not(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert not agree(one, other)
    assert not agree(other, one)


def test_the_same_words_are_more_than_names_that_agree() -> None:
    assert same_words(ANA, ("ana", "REYES"))
    assert not same_words(ANA, ("Reyes", "Ana M."))
    assert not same_words(("", ""), ("", ""))
