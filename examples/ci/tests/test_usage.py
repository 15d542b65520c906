"""What is reported is counted: once, however often it is sent."""

from datetime import timedelta

import httpx
import pytest

from billing import BillingClient, BillingError


def test_calls_are_counted(billing, january, mock_journal) -> None:
    """Calls of a customer come back as usage, and nothing about them was unusual to the platform."""
    billing.report_calls("acme", 5, january + timedelta(days=3), "request-1")
    billing.report_calls("acme", 7, january + timedelta(days=9), "request-2")
    assert billing.calls_of_month("acme", january) == 12
    mock_journal.assert_requested("POST", "/ingest", times=2, status=200)
    mock_journal.assert_no_warnings()


def test_lost_answer_counts_once(billing, january, mock_account, mock_journal) -> None:
    """When the answer to a report is lost, the client sends it again, and it counts once."""
    impatient = BillingClient(mock_account.url, mock_account.key, transport=LosesTheFirstAnswer())
    impatient.report_calls("acme", 5, january + timedelta(days=3), "request-1")
    impatient.close()
    mock_journal.assert_requested("POST", "/ingest", times=2)
    assert billing.calls_of_month("acme", january) == 5


def test_refusal_is_told(mock_account, january) -> None:
    """What the platform refuses is an error with its words, and is not sent again."""
    client = BillingClient(mock_account.url, "of-nobody")
    with pytest.raises(BillingError, match="401"):
        client.report_calls("acme", 5, january, "request-1")
    client.close()


class LosesTheFirstAnswer(httpx.HTTPTransport):
    """The network on a bad day: the first request arrives, and its answer does not."""

    lost = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Passes a request on."""
        answer = super().handle_request(request)
        if not self.lost:
            self.lost = True
            answer.close()
            raise httpx.ReadTimeout("the answer was lost", request=request)
        return answer
