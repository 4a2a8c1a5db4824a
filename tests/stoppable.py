"""Runs a command with timings that a test chooses.

python stoppable.py '{"force": 1}' --config config.toml run-once
"""

import json
import sys

from terminbenachrichtigung import cli
from terminbenachrichtigung.cli.context import Invocation
from terminbenachrichtigung.clock import Timings

if __name__ == "__main__":
    cli.main(sys.argv[2:], obj=Invocation(timings=Timings(**json.loads(sys.argv[1]))))
