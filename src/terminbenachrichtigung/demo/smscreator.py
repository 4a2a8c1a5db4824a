"""A gateway on loopback that answers like smscreator.de, as far as its public pages tell."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from terminbenachrichtigung.demo.loopback import Answer, LoopbackGateway, Report, Request

_ZONE = ZoneInfo("Europe/Berlin")
_LOOKS_BACK = timedelta(days=7)  # QueryJobInfoByJobCaption
_MOST_REPORTS = 5000  # QueryReceivedDLR


class SmsCreatorGateway(LoopbackGateway):
    """smscreator.de."""

    content_type = "text/xml; charset=utf-8"
    below = "/gateway"

    serial, password = "4711", "demo"
    """With another serial (Seriennummer) or password it says InvalidUser."""
    _handed_out = 0
    """How many reports QueryReceivedNewDLR gave away."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The keys of `[sms]` that lead here."""
        return {"provider": "smscreator", "serial": self.serial, "password": self.password}

    def refusal(self) -> Answer:
        """How it answers a recipient that it does not accept."""
        return Answer(status="NoRecipientFound")

    def recipient(self, request: Request) -> str:
        """The number that a request is about."""
        return str(request.fields.get("Recipient", "")).replace("00", "+", 1)

    def well_behaved(self, request: Request) -> Answer:
        """What it does where no script says otherwise."""
        if request.operation not in _OPERATIONS:
            return Answer(http_status=404, body="no such operation")
        if (request.fields.get("User"), request.fields.get("Password")) != (self.serial, self.password):
            return Answer(status_code="InvalidUser")
        if request.operation == "SendSimpleSMS":
            if not request.fields.get("Recipient"):
                return Answer(status="NoRecipientFound")
            if not request.fields.get("SMSText"):
                return Answer(status="NoTextFound")
        return Answer()

    def value(self, request: Request, answer: Answer) -> tuple[int, str]:
        """HTTP status and body of an answer."""
        operation = request.operation
        return 200, (
            '<?xml version="1.0" encoding="utf-8"?>'
            f'<{operation}Result xmlns="http://www.smscreator.de/gateway">'
            f"<StatusCode>{escape(answer.status_code)}</StatusCode>{self._value(request, answer)}"
            f"</{operation}Result>"
        )

    def _value(self, request: Request, answer: Answer) -> str:
        if request.operation == "SendSimpleSMS":
            get = request.fields.get
            taken = [get(name, "") for name in ("Caption", "Sender", "SMSText", "SmsTyp")]
            job = f"<JobId>{self.take(request, *taken).job_id}</JobId>" if answer.accepts else ""
            status = escape(answer.status)
            return f"<Value><Status>{status}</Status>{job}</Value>" if answer.status_code == "Ok" else ""
        if answer.status_code != "Ok":
            return ""
        match request.operation:
            case "QueryAccountBalance":
                return f"<Value>{self.balance}</Value>"
            case "QueryJobInfoByJobCaption":
                return f"<Value>{self._jobs_by_label(request)}</Value>"
            case "QueryReceivedNewDLR":
                return f"<Value>{self._new_reports(request)}</Value>"
            case "QueryReceivedDLR":
                return f"<Value>{self._reports_since(request)}</Value>"
            case _:
                return ""

    def _jobs_by_label(self, request: Request) -> str:
        label = request.fields.get("Caption", "")
        since = request.at - _LOOKS_BACK
        if start := request.fields.get("StartDate"):
            since = datetime.fromisoformat(start).replace(tzinfo=_ZONE)
        found = [job for job in self.jobs if job.caption == label and job.at > since]
        return "".join(
            f"<Job><Id>{job.job_id}</Id><CustId>{escape(self.serial)}</CustId><Typ>1</Typ><Caption>{escape(job.caption)}</Caption>"
            f"<Recipient>{escape(job.recipient)}</Recipient><CreateDate>{_local(job.at)}</CreateDate></Job>"
            for job in found
        )

    def _new_reports(self, request: Request) -> str:
        limit = int(request.fields.get("Limit") or 0)
        new = self.reports[self._handed_out :][: limit or None]
        self._handed_out += len(new)
        return "".join(f"<SMSReport>{_report(report)}</SMSReport>" for report in new)

    def _reports_since(self, request: Request) -> str:
        since = datetime.fromisoformat(request.fields["StartDate"]).replace(tzinfo=_ZONE).astimezone(UTC)
        limit = min(int(request.fields.get("Limit") or _MOST_REPORTS), _MOST_REPORTS)
        found = [report for report in self.reports if report.done >= since][:limit]
        return "".join(
            f"<SMSReport>{_report(report)}<Sequence>{report.part}</Sequence><Caption>{escape(report.job.caption)}</Caption>"
            f"<CreateDate>{_local(report.job.at)}</CreateDate></SMSReport>"
            for report in found
        )


_OPERATIONS = frozenset({
    "SendSimpleSMS",
    "QueryAccountBalance",
    "QueryJobInfoByJobCaption",
    "QueryReceivedNewDLR",
    "QueryReceivedDLR",
})  # fmt: skip


def _report(report: Report) -> str:
    done = _local(report.done)
    return (
        f"<Id>{report.report_id}</Id><Recipient>{escape(report.job.recipient)}</Recipient>"
        f"<JobId>{report.job.job_id}</JobId><Status>{escape(report.status)}</Status><Date>{done}</Date>"
        f"<MsgCode>{report.code}</MsgCode><MsgText>{escape(report.text)}</MsgText>"
        f"<DoneDate>{done}</DoneDate><DoneDateTimeZoneOffset>0</DoneDateTimeZoneOffset>"
    )


def _local(moment: datetime) -> str:
    return moment.astimezone(_ZONE).strftime("%Y-%m-%dT%H:%M:%S")
