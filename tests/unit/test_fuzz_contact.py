"""Whatever stands in a telephone or e-mail field: a number or an address that was typed there, or none."""

import re

from hypothesis import given
from hypothesis import strategies as st

from fuzzing import ADDRESSES, NUMBERS, comes_to_an_end, inputs, is_typed_address, is_typed_number
from terminbenachrichtigung.contact.email_address import email_address
from terminbenachrichtigung.contact.phone import mobile_number

TYPED = st.one_of(NUMBERS, NUMBERS, ADDRESSES).filter(lambda value: isinstance(value, str))
COUNTRY_CODES = st.sampled_from(["+49", "+49", "+43", "+1", "+44", "49", "", "+", "x"])


@inputs(15)
@given(mobile=TYPED, phone=TYPED, country_code=COUNTRY_CODES)
def test_a_number_is_one_that_was_typed(mobile: str, phone: str, country_code: str) -> None:
    with comes_to_an_end():
        found = mobile_number((mobile, phone), country_code, frozenset())
    if found.number is not None:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", found.number, re.ASCII)
        assert is_typed_number(found.number, mobile, phone)
    else:
        assert found.refused or not re.search(r"\w", mobile + phone)


@inputs(15)
@given(typed=TYPED)
def test_an_address_is_the_one_that_was_typed(typed: str) -> None:
    with comes_to_an_end():
        found = email_address(typed)
    if found.address is not None:
        assert found.address.isascii()
        assert found.address.isprintable()
        assert found.address.count("@") == 1
        assert is_typed_address(found.address, typed)
