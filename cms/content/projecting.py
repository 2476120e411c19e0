"""Parts of documents as somebody asked for them: sparse fields, more members on cards, the body in another form.

The finished document is taken apart again, so that there is one truth. Not here: finished documents (`assembling.py`).
"""

from collections.abc import Sequence

import orjson

from cms.content.rules import ORDER, Choice
from cms.platform.text.forms import FORMS


def projected(document: bytes, choice: Choice, default: Sequence[str]) -> bytes:
    """The chosen members of a document in their order, and `id` always; `default` where no fields were named."""
    whole = orjson.loads(document)
    wanted = {"id", *(choice.fields or default), *choice.include}
    if choice.body is not None:
        wanted = wanted - {"body"} if choice.body == "none" else wanted | {"body"}
    if "body" in wanted and choice.body is not None:
        whole["body"] = {choice.body: FORMS[choice.body](whole["body"]["html"])}
    return orjson.dumps({name: whole[name] for name in ORDER if name in wanted and name in whole})
