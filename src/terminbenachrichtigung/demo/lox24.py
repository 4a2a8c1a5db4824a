"""A gateway on loopback that answers like LOX24, as far as its public pages tell."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from terminbenachrichtigung.demo.loopback import Answer, Incoming, Job, LoopbackGateway, Request

_PAGE = 30  # incoming SMS
_PRICE = 0.07  # euros for one part
_CODES = {"Delivered": 1, "Buffered": 4, "Expired": 8, "Failed": 16}
"""What the demo says of a job -> `dlr_code`."""


class Lox24Gateway(LoopbackGateway):
    """LOX24."""

    balance = Decimal("12.50")
    token = "demo:token"  # noqa: S105 - a loopback gateway's
    """With another one it answers HTTP 401."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The keys of `[sms]` that lead here."""
        return {"provider": "lox24", "lox24": {"token": self.token}}

    def refusal(self) -> Answer:
        """How it answers a recipient that it does not accept."""
        words = {"title": "An error occurred", "detail": "phone: This value is not a valid phone number."}
        return Answer(http_status=422, body=json.dumps(words))

    def recipient(self, request: Request) -> str:
        """The number that a request is about."""
        return str(request.fields.get("phone", ""))

    def well_behaved(self, request: Request) -> Answer:
        """What it does where no script says otherwise."""
        if request.headers.get("x-lox24-auth-token") != self.token:
            return Answer(http_status=401)
        known = request.path in {"/sms", "/me", "/incomings"} or request.path.startswith("/sms/")
        return Answer() if known else Answer(http_status=404)

    def value(self, request: Request, answer: Answer) -> tuple[int, str]:
        """HTTP status and body of an answer."""
        if (request.method, request.path) == ("POST", "/sms"):
            if not answer.accepts:
                return 200, ""
            get = request.fields.get
            job = self.take(request, get("callback_data", ""), get("sender_id", ""), get("text", ""))
            return 201, json.dumps(self._sms(job))
        if request.path == "/me":
            return 200, json.dumps({"balance_amount": float(self.balance), "currency": "EUR"})
        if request.path == "/incomings":
            newest = self.newest_incoming()
            first = _PAGE * (int(request.fields.get("page", 1)) - 1)
            found = [self._incoming(each) for each in newest[first : first + _PAGE]]
            return 200, json.dumps({"hydra:member": found, "hydra:totalItems": len(newest)})
        if request.path == "/sms":
            label = request.fields.get("callback_data")
            found = [self._sms(job) for job in reversed(self.jobs) if label in {None, job.caption}]
            return 200, json.dumps({"hydra:member": found, "hydra:totalItems": len(found)})
        found = [self._sms(job) for job in self.jobs if self.job_id(job) == request.operation]
        return (200, json.dumps(found[0])) if found else (404, "{}")

    def job_id(self, job: Job) -> str:
        """Its `uuid` of a job."""
        return f"00000000-0000-4000-8000-{job.job_id:012d}"

    def _incoming(self, incoming: Incoming) -> dict[str, Any]:
        return {
            "uuid": f"00000000-0000-4000-9000-{incoming.number:012d}",
            "from": incoming.sender,
            "to": incoming.recipient,
            "text": incoming.text,
            "received_at": int(incoming.at.timestamp()),
            "msg_uuid": self.job_id(incoming.job) if incoming.job else None,
        }

    def _sms(self, job: Job) -> dict[str, Any]:
        report = self.last_report(job)
        return {
            "uuid": self.job_id(job),
            "status_code": 100 if report else 0,
            "dlr_code": _CODES.get(report.status, 2) if report else 0,
            "price": _PRICE,
            "parts_count": 1,
            "chars_count": len(job.text),
            "callback_data": job.caption,
        }
