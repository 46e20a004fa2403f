"""The forms of what names a person, in any text: found by discovery, masked in logs."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """A pattern, and what tells a real one from other texts that fit it. No real one is without ``needs``."""

    pattern: re.Pattern[str]
    is_real: Callable[[str], bool] = lambda _: True
    needs: str = ""

    def occurs(self, text: str) -> bool:
        """Return whether there is one in ``text``."""
        return self.needs in text and any(self.is_real(found.group()) for found in self.pattern.finditer(text))

    def replaced(self, text: str, by: str) -> str:
        """Return ``text`` with ``by`` in place of every one."""
        if self.needs not in text:
            return text
        return self.pattern.sub(lambda found: by if self.is_real(found.group()) else found.group(), text)


def luhn(text: str) -> bool:
    """Return whether the digits of ``text`` have the check digit of a payment card."""
    digits = [int(digit) for digit in text if digit.isdigit()]
    doubled = [digit if place % 2 == 0 else 2 * digit - 9 * (digit > 4) for place, digit in enumerate(digits[::-1])]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and sum(doubled) % 10 == 0


def iban(text: str) -> bool:
    """Return whether ``text`` has the check digits of an international bank account number (ISO 13616)."""
    plain = re.sub(r"\s", "", text).upper()
    return 15 <= len(plain) <= 34 and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _is_phone(text: str) -> bool:
    return 9 <= sum(sign.isdigit() for sign in text) <= 15


FORMS = {
    "e-mail address": Form(re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"), needs="@"),
    "payment card number": Form(re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?!\w|[.-]\w)"), luhn),
    "bank account number": Form(re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), iban),
    "social security number": Form(re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")),
    "phone number": Form(re.compile(r"(?<![\w.-])(?:\+\d|\(\d|0\d)[\d ()/.-]{7,18}\d(?!\w|[.-]\w)"), _is_phone),
}
