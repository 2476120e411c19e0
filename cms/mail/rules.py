"""What a mail server's refusal means for the address. Plain Python."""

import re

# Without an enhanced code: no such mailbox, moved, not a name of a mailbox, a domain without mail. Full (552) and
# everything else (554) say nothing about the address. Source: RFC 5321, section 4.2.3; RFC 7504.
NO_MAILBOX = frozenset({550, 551, 553, 556})
# Of X.1 all is about the recipient but these two, which are about the sender; of X.2 only "disabled" is for good.
# X.7 is about us: not welcome there, which would hold every reader back at once. Source: RFC 3463, section 3.
ABOUT_SENDER = frozenset({"5.1.7", "5.1.8"})
DISABLED = "5.2.1"
PERMANENT = re.compile(r"5\.[0-9]{1,3}\.[0-9]{1,3}\Z", re.ASCII)


def says_no_mailbox(code: int, enhanced: str) -> bool:
    """Whether an answer to a recipient means that there is no such mailbox. `enhanced` is such as `5.1.1`, or empty."""
    if not 500 <= code <= 599:
        return False
    if enhanced:
        return enhanced == DISABLED or (enhanced.startswith("5.1.") and enhanced not in ABOUT_SENDER)
    return code in NO_MAILBOX
