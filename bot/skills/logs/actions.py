"""The action ids of a log answer's buttons.

The value of an order is what a person could have typed; that of a mark is the answer's request id.
"""

ORDER_ACTION = "log_order"
MARK_ACTION = "log_mark"
