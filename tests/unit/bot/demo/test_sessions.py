from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.demo.sessions import SessionState, SessionTable


def _stuck(table: SessionTable, client: str, now: float) -> int:
    session = table.open(client, now)
    table.start_query(session, "BEGIN", now)
    table.end_query(session, now)
    return session.session_id


def test_a_session_is_idle_in_transaction_from_begin_until_commit() -> None:
    table = SessionTable(2)
    session = table.open("reports", 0.0)
    table.start_query(session, "BEGIN", 1.0)
    assert session.state is SessionState.ACTIVE
    table.end_query(session, 2.0)
    assert session.state is SessionState.IDLE_IN_TRANSACTION
    table.start_query(session, "COMMIT", 3.0)
    table.end_query(session, 4.0)
    assert session.state is SessionState.IDLE


def test_only_old_enough_idle_transactions_are_found_oldest_first() -> None:
    table = SessionTable(5)
    younger = _stuck(table, "reports", 6.0)
    oldest = _stuck(table, "reports", 1.0)
    older = _stuck(table, "reports", 4.0)
    table.open("checkout", 0.0)
    assert table.idle_in_transaction(6.0, 10.0) == (oldest, older)
    assert younger in table.idle_in_transaction(4.0, 10.0)


def test_waiting_clients_are_served_in_order_and_before_newcomers() -> None:
    table = SessionTable(1)
    first = table.open("a", 0.0)
    table.wait(7)
    table.wait(8)
    assert table.next_waiting() is None
    table.close(first.session_id)
    assert not table.has_room
    assert table.next_waiting() == 7


def test_a_client_that_leaves_the_queue_is_not_served() -> None:
    table = SessionTable(1)
    table.wait(7)
    table.wait(8)
    table.leave_queue(7)
    assert table.next_waiting() == 8


def test_rows_say_how_long_a_session_has_been_in_its_state() -> None:
    table = SessionTable(1)
    _stuck(table, "reports", 2.0)
    (row,) = table.rows(9.5)
    assert (row.client, row.state, row.age_s) == ("reports", "idle in transaction", 7.5)


@given(st.lists(st.sampled_from(["open", "close", "wait", "leave"]), max_size=60))
def test_slots_are_never_exceeded(steps: list[str]) -> None:
    table = SessionTable(3)
    opened: list[int] = []
    ticket = 0
    for step in steps:
        if step == "open" and table.has_room:
            opened.append(table.open("c", 0.0).session_id)
        elif step == "close" and opened:
            table.close(opened.pop())
            if table.next_waiting() is not None:
                opened.append(table.open("w", 0.0).session_id)
        elif step == "wait" and not table.has_room:
            ticket += 1
            table.wait(ticket)
        elif step == "leave":
            table.leave_queue(ticket)
        assert table.n_used == len(opened) <= table.n_slots
