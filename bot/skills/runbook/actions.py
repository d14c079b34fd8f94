"""The action ids of the runbook skill's buttons; their values are orders (see `orders.py`)."""

CHOOSE_ACTION = "runbook_choose"
FORM_ACTION = "runbook_form"
