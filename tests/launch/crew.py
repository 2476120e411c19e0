"""A program for the tests: a supervisor over small shell programs, given as `name=script` on the command line.

`name!=script` runs once, `name~script` is a program that knows nothing of the lifeline, and `name+code` is Python that
is forked.
"""

import os
import re
import sys
from functools import partial

from cms.launch.supervisor import Part, Stopped, Supervisor
from cms.launch.transcript import Transcript


def parts() -> list[Part]:
    found = [re.fullmatch(r"(\w+)(!=|=|~|\+)(.*)", word, re.DOTALL) for word in sys.argv[1:]]
    return [
        Part(match[1], ["forked", match[1]], run=partial(exec, match[3], {}), stop_seconds=2)
        if match[2] == "+"
        else Part(match[1], ["/bin/sh", "-c", match[3]], stop_seconds=2, is_kept=match[2] != "!=", knows_lifeline=False)
        for match in found
        if match is not None
    ]


def main() -> None:
    mine = parts()
    order = [(part.name,) for part in mine]
    with Supervisor(Transcript(), environment=dict(os.environ), stop_order=order) as supervisor:
        try:
            for part in mine:
                supervisor.start(part)
            supervisor.transcript.say("all started")
            supervisor.run()
        except Stopped:
            return
    supervisor.transcript.say("all ended")


if __name__ == "__main__":
    main()
