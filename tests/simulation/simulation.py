"""One practice for some weeks: life at the front desk, hourly runs, and everything that happens to a cron job."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simulation import promises
from simulation.clock import Clock
from simulation.configurations import Configuration
from simulation.front_desk import FrontDesk
from simulation.memory import Tables
from simulation.minutes import Minutes
from simulation.oracle import Expected, Oracle, Verdict
from simulation.outlets import WEATHER, Attempted, Killed, Peer
from terminbenachrichtigung import desk, pipeline
from terminbenachrichtigung.errors import ScheduleError
from terminbenachrichtigung.journal import create_journal, open_journal
from terminbenachrichtigung.messages import Texts
from terminbenachrichtigung.model import (
    Channel,
    Claim,
    Content,
    MessageOutcome,
    Reason,
    RunResult,
    Stop,
)
from terminbenachrichtigung.schedule import Schedule
from terminbenachrichtigung.windows import Quiet
