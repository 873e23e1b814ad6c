"""Who may use a dashboard that asks for a sign-in: the list of addresses and domains, and the person who signed in.

The sign-in itself is OpenID Connect, done by Streamlit with the identity provider. Here its answer, the claims about a
person, is held against the list of the setting.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fer_core.errors import AccessError, FerError
from fer_core.settings import SIGN_IN, SIGN_IN_UNVERIFIED

EVERYONE: Final = "everyone"
"""The entry that lets in whoever the identity provider signs in."""

_DOMAIN: Final = re.compile(r"@?([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+)")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True)
class Person:
    """Somebody who signed in.

    Attributes:
        name: to be shown; the address where the provider tells no name.
        address: e-mail address; empty where the provider tells none.
        key: 32 hexadecimal digits that stand for the provider's account and never change, though name and address may.
    """

    name: str
    address: str
    key: str

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> "Person":
        """The person whom an identity provider describes.

        Args:
            claims: of OpenID Connect: `iss` and `sub` (or `email`) tell who it is, `name` and `email` are shown.

        Raises:
            AccessError: the provider does not tell who it is.
        """
        address = _word(claims, "email")
        subject = _word(claims, "sub") or address
        if not subject:
            raise AccessError("The sign-in does not tell who you are; ask whoever runs this dashboard to look at it.")
        told = "\0".join((_word(claims, "iss"), subject))
        name = _word(claims, "name") or _word(claims, "preferred_username") or address or subject
        return cls(name, address, hashlib.sha256(told.encode()).hexdigest()[:32])


@dataclass(frozen=True)
class AllowList:
    """Those who may come in.

    Attributes:
        addresses: whole e-mail addresses, in small letters.
        domains: whose addresses may all come in, in small letters.
        everyone: whoever the provider signs in may.
        unverified: addresses count of which the provider does not say whether it verified them.
    """

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    everyone: bool = False
    unverified: bool = False

    @classmethod
    def parse(cls, setting: str, *, unverified: bool = False) -> "AllowList":
        """The list that a setting holds.

        >>> AllowList.parse("ada@example.org, @example.com").domains
        frozenset({'example.com'})

        Args:
            setting: addresses and domains with commas between them, or "everyone".
            unverified: see the attribute.

        Raises:
            FerError: an entry is neither address nor domain.
        """
        entries = [_small(entry.strip()) for entry in setting.split(",") if entry.strip()]
        addresses, domains = set(), set()
        for entry in entries:
            if domain := _DOMAIN.fullmatch(entry):
                domains.add(domain[1])
            elif _ADDRESS.fullmatch(entry):
                addresses.add(entry)
            elif entry != EVERYONE:
                raise FerError(
                    f"{SIGN_IN} is not understood; list addresses such as ada@example.org and domains such as "
                    f'@example.org with commas between them, or set it to "{EVERYONE}".'
                )
        return cls(frozenset(addresses), frozenset(domains), EVERYONE in entries, unverified)

    def admit(self, claims: Mapping[str, Any]) -> Person:
        """The person, where they may come in.

        Args:
            claims: what the identity provider says; an address counts only where `email_verified` is true.

        Raises:
            AccessError: they may not; the sentence tells why.
        """
        person = Person.of(claims)
        if self.everyone:
            return person
        address = _small(person.address)
        _, at, domain = address.rpartition("@")
        if not at or (address not in self.addresses and domain not in self.domains):
            raise AccessError(
                f"{person.address or person.name} is not among those who may use this dashboard; ask whoever runs it, "
                "or sign out and sign in as somebody else."
            )
        verified = claims.get("email_verified")
        if str(verified).lower() != "true" and not (verified is None and self.unverified):
            raise AccessError(
                f"Your identity provider does not say that {person.address} is yours; confirm the address there, then "
                f"sign in again, or ask whoever runs this dashboard about {SIGN_IN_UNVERIFIED}."
            )
        return person


def _word(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""


def _small(text: str) -> str:
    """In small letters where that is safe: letters of other scripts have small forms that are letters of ours."""
    return text.lower() if text.isascii() else text
