"""A program for the tests: a supervisor over small shell programs, given as `name=script` on the command line.

`name!=script` runs once, `name~script` is a program that knows nothing of the lifeline, and `name+code` is Python that
is forked.
"""

import os
import re
import sys
from functools import partial

from cms.launch import lifeline, supervisor
from cms.launch.supervisor import Part, Stopped, Supervisor
from cms.launch.transcript import Transcript


def parts() -> list[Part]:
    found = [re.fullmatch(r"(\w+)(!=|=|~|\+)(.*)", word, re.DOTALL) for word in sys.argv[1:]]
    return [
        Part(match[1], ["forked", match[1]], run=partial(exec, match[3], {}), stop_seconds=1)
        if match[2] == "+"
        else Part(match[1], ["/bin/sh", "-c", match[3]], stop_seconds=1, is_kept=match[2] != "!=", knows_lifeline=False)
        for match in found
        if match is not None
    ]


def main() -> None:
    # What a test waits out: how long stubborn parts are asked, and how long one runs before it is back.
    lifeline.GRACE_SECONDS = 1.0
    supervisor.BACK_AFTER_SECONDS = 0.5
    mine = parts()
    order = [(part.name,) for part in mine]
    with Supervisor(Transcript(), environment=dict(os.environ), stop_order=order) as crew:
        try:
            for part in mine:
                crew.start(part)
            crew.transcript.say("all started")
            crew.run()
        except Stopped:
            return
    crew.transcript.say("all ended")


if __name__ == "__main__":
    main()
