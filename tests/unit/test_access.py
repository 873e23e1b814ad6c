"""Who may use a dashboard that asks for a sign-in."""

import pytest

from fer_core.access import AllowList, Person
from fer_core.errors import AccessError, FerError

LIST = AllowList.parse("Ada@Example.org, @example.com,sub.example.net")


def claims(address: str, **more: object) -> dict[str, object]:
    return {"iss": "https://id.example", "sub": "17", "name": "Ada", "email": address, "email_verified": True, **more}


@pytest.mark.parametrize(
    "address",
    ["ada@example.org", "ADA@EXAMPLE.ORG", "anyone@example.com", "a@sub.example.net"],
)
def test_those_on_the_list_come_in(address):
    assert LIST.admit(claims(address)).address == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bob@example.org",  # the address of another
        "ada@sub.example.com",  # another domain
        "ada@notexample.com",
        "ada@example.com.evil.example",
        "example.com",  # no address
        "x@evil.example@example.org",
        "ada@example.org\N{ZERO WIDTH SPACE}",
        "\N{FULLWIDTH LATIN SMALL LETTER A}da@example.org",
        "a@\N{KELVIN SIGN}.example.net",
    ],
)
def test_nobody_else_does(address):
    with pytest.raises(AccessError, match="is not among those who may use this dashboard"):
        LIST.admit(claims(address))


def test_a_small_form_in_another_script_is_not_the_letter():
    kit = AllowList.parse("kit@example.org")
    with pytest.raises(AccessError):
        kit.admit(claims("\N{KELVIN SIGN}it@example.org"))


@pytest.mark.parametrize("verified", [False, "false", None, "no", 0])
def test_an_address_that_was_not_verified_does_not_count(verified):
    with pytest.raises(AccessError, match="confirm the address there"):
        LIST.admit(claims("ada@example.org", email_verified=verified))


def test_a_provider_that_never_says_so_can_be_trusted_but_not_one_that_says_no():
    trusting = AllowList.parse("ada@example.org", unverified=True)
    told = claims("ada@example.org")
    del told["email_verified"]
    assert trusting.admit(told).name == "Ada"
    with pytest.raises(AccessError):
        trusting.admit(claims("ada@example.org", email_verified=False))


def test_everyone_whom_the_provider_knows_may_be_let_in():
    assert AllowList.parse("everyone").admit({"iss": "a", "sub": "1"}).name == "1"
    with pytest.raises(AccessError, match="does not tell who you are"):
        AllowList.parse("everyone").admit({"iss": "a"})


def test_a_person_is_the_account_and_not_the_name_or_the_address():
    first = Person.of(claims("ada@example.org"))
    assert first.key == Person.of(claims("new@example.org", name="Ada L.")).key and len(first.key) == 32
    assert first.key != Person.of(claims("ada@example.org", iss="https://other.example")).key
    assert first.key != Person.of(claims("ada@example.org", sub="18")).key


@pytest.mark.parametrize("setting", ["ada", "ada@", "@", "a@b@c", "everyone else", "https://example.org", "*"])
def test_a_list_that_is_not_understood_is_refused_with_the_way_out(setting):
    with pytest.raises(FerError, match="list addresses such as"):
        AllowList.parse(setting)
