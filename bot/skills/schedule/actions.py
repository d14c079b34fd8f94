"""The action id of a schedule's buttons; their value is what a person would have typed."""

SCHEDULE_ACTION = "schedule_button"
