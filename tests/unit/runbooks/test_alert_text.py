from __future__ import annotations

from collections.abc import Mapping

import pytest

from runbooks.alert_text import alert_labels, is_alert


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (
            '[FIRING:1] DiskFull (instance="web-3:9100" job=node severity="critical")',
            {"instance": "web-3:9100", "job": "node", "severity": "critical"},
        ),
        (
            "alertname=SystemdUnitFailed, instance=web-3, unit=backup.service",
            {"alertname": "SystemdUnitFailed", "instance": "web-3", "unit": "backup.service"},
        ),
        (
            "**Firing**\n\nLabels:\n - alertname = HighLoad\n - pid = 4711\n - summary = load is high",
            {"alertname": "HighLoad", "pid": "4711", "summary": "load is high"},
        ),
        (
            "[#4411] Triggered: HostOutOfDiskSpace on web-3\nService: checkout\nSeverity: critical",
            {"service": "checkout", "severity": "critical"},
        ),
        (
            "• *alertname:* `ServiceDown`\n• *service:* `nginx`",
            {"alertname": "ServiceDown", "service": "nginx"},
        ),
    ],
    ids=["alertmanager", "bare", "grafana", "pagerduty", "bold"],
)
def test_labels_are_read_in_every_form_they_are_posted_in(
    text: str, labels: Mapping[str, str]
) -> None:
    assert is_alert(text)
    assert alert_labels(text) == labels


@pytest.mark.parametrize("text", ["", "restart service=nginx", "the pager triggered me"])
def test_what_a_person_says_has_no_labels(text: str) -> None:
    assert alert_labels(text) == {}


def test_the_first_value_of_a_label_counts() -> None:
    text = "alertname=A, instance=web-1\nalertname=B, instance=web-2"
    assert alert_labels(text) == {"alertname": "A", "instance": "web-1"}


def test_a_long_text_is_read_in_time_that_does_not_explode() -> None:
    assert alert_labels("alertname=A " + "x=" * 200_000)["alertname"] == "A"
