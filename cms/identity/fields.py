"""Fields that readers and staff send alike: addresses, passwords, codes, ids. Each is loaded in its one spelling."""

import re
from typing import Any

from marshmallow import ValidationError, validate

from cms.identity.addresses import AddressError, canonical_address
from cms.identity.codes import CodeError, read_code
from cms.identity.passwords import LONGEST, normal_password
from cms.platform.http.shapes import Text
from cms.platform.ids import is_id

# A language, then parts of letters and digits. Source: BCP 47, the shape of a tag without its registry.
LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
LONGEST_GIVEN = 1024


class Address(Text):
    """An e-mail address; loaded in its canonical spelling."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            return canonical_address(text[:LONGEST_GIVEN])
        except AddressError as error:
            raise ValidationError(str(error)) from None


class Password(Text):
    """A password of any characters; loaded in NFC. Which are refused is decided with the words around the person."""

    def __init__(self, **options: Any) -> None:
        super().__init__(is_line=False, validate=validate.Length(max=LONGEST), **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        return normal_password(super()._deserialize(value, attr, data, **options))


class Code(Text):
    """A code as typed; loaded without spaces and hyphens, in upper case."""

    def __init__(self, purpose: str, **options: Any) -> None:
        super().__init__(**options)
        self.purpose = purpose

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        try:
            return read_code(self.purpose, text[:LONGEST_GIVEN])
        except CodeError as error:
            raise ValidationError(str(error)) from None


class PublicId(Text):
    """A public id, as it was answered."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if not is_id(text):
            raise ValidationError("Not a valid id.")
        return text
