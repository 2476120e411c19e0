"""What may be, in the newsroom: the lifecycle of an article as a pure decision. Plain Python."""

from typing import Literal

State = Literal["draft", "published"]
Action = Literal["edit", "publish", "unpublish", "delete"]

STATES = ("draft", "published")
