"""A gateway on loopback that answers like seven.io, as far as its public pages tell."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from terminbenachrichtigung.demo.loopback import Answer, Incoming, Job, LoopbackGateway, Request

_PRICE = 0.075  # euros for one part
_WORDS = {"Delivered": "DELIVERED", "Buffered": "BUFFERED", "Expired": "EXPIRED", "Failed": "FAILED"}
"""What the demo says of a job -> `dlr`."""


class SevenGateway(LoopbackGateway):
    """seven.io."""

    below = "/api"

    balance = Decimal("12.50")
    api_key = "demo-key"
    """With another one it answers 900."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The keys of `[sms]` that lead here."""
        return {"provider": "seven", "seven": {"api_key": self.api_key}}

    def refusal(self) -> Answer:
        """How it answers a recipient that it does not accept."""
        return Answer(body="202", takes_job=False)

    def recipient(self, request: Request) -> str:
        """The number that a request is about."""
        return "+" + str(request.fields.get("to", "")) if request.operation == "sms" else ""

    def well_behaved(self, request: Request) -> Answer:
        """What it does where no script says otherwise."""
        if request.headers.get("x-api-key") != self.api_key:
            return Answer(body="900", takes_job=False)
        known = request.path in {
            "/api/sms",
            "/api/balance",
            "/api/journal/outbound",
            "/api/journal/inbound",
        }
        return Answer() if known else Answer(http_status=404)

    def value(self, request: Request, answer: Answer) -> tuple[int, str]:
        """HTTP status and body of an answer."""
        get = request.fields.get
        if request.operation == "sms":
            if not answer.accepts:
                return 200, ""
            job = self.take(request, get("foreign_id", ""), get("from", ""), get("text", ""))
            message = {
                "id": self.job_id(job),
                "recipient": job.recipient.removeprefix("+"),
                "parts": 1,
                "price": _PRICE,
                "success": True,
                "error": None,
            }
            return 200, json.dumps({"success": "100", "total_price": _PRICE, "messages": [message]})
        if request.operation == "balance":
            return 200, json.dumps({"amount": float(self.balance), "currency": "EUR"})
        if request.operation == "inbound":
            listed = [self._incoming(each) for each in self.newest_incoming()]
        else:
            listed = [self._entry(job) for job in reversed(self.jobs)]
        wanted = get("to")
        found = [
            entry
            for entry in listed
            if wanted in {None, entry["to"]} and entry["day"] >= get("date_from", "")
        ]
        offset = int(get("offset", 0))
        return 200, json.dumps(found[offset : offset + int(get("limit", 100))])

    def job_id(self, job: Job) -> str:
        """Its `id` of a job."""
        return str(770000 + job.job_id)

    def _incoming(self, incoming: Incoming) -> dict[str, Any]:
        return {
            "id": str(550000 + incoming.number),
            "from": incoming.sender.removeprefix("+"),
            "to": incoming.recipient.removeprefix("+"),
            "text": incoming.text,
            "timestamp": f"{incoming.at:%Y-%m-%d %H:%M:%S}",
            "reply_to_message_id": self.job_id(incoming.job) if incoming.job else None,
            "day": f"{incoming.at:%Y-%m-%d}",
        }

    def _entry(self, job: Job) -> dict[str, Any]:
        report = self.last_report(job)
        return {
            "id": self.job_id(job),
            "to": job.recipient.removeprefix("+"),
            "foreign_id": job.caption,
            "dlr": _WORDS.get(report.status, "ACCEPTED") if report else "TRANSMITTED",
            "day": f"{job.at:%Y-%m-%d}",
        }
