"""Queue runbooks, with stand-ins for the brokers' tools that print as these do."""

from __future__ import annotations

from runbooks.lifecycle import ProposalState

from .conftest import Book, Reply, Stubs

UNIT = "Id=orders-worker.service\nActiveState=active\nNRestarts=0\n"
QUEUES = "name\tmessages_ready\tmessages_unacknowledged\tconsumers\tstate\norders\t48211\t0\t{n}\trunning\n"
CONSUMERS = (
    "queue_name\tchannel_pid\tconsumer_tag\tack_required\norders\t<rabbit@mq.1.2>\tc1\ttrue\n"
)
LAG = """
GROUP  TOPIC   PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG    CONSUMER-ID  HOST        CLIENT-ID
orders orders  0          1200            {end}           {lag}  -            -           -
"""
STATE = """
GROUP   COORDINATOR (ID)     ASSIGNMENT-STRATEGY  STATE   #MEMBERS
orders  kafka-1:9092 (1)     range                {state} {members}
"""
GROUPS = "--bootstrap-server kafka-1:9092 --describe --group orders"


def _systemctl(stubs: Stubs, *, active: bool = True) -> None:
    state = Reply(line="is-active orders-worker", output="active\n", needs={"restarted": "yes"})
    gone = Reply(line="is-active orders-worker", output="inactive\n", status=3)
    stubs.add(
        "systemctl",
        Reply(line="show orders-worker --property .*", output=UNIT),
        Reply(line="restart orders-worker", sets={"restarted": "yes"}),
        state if active else gone,
        gone,
    )


async def test_a_queue_without_consumers_gets_them_back(book: Book, stubs: Stubs) -> None:
    _systemctl(stubs)
    columns = "name messages_ready messages_unacknowledged consumers state"
    stubs.add(
        "rabbitmqctl",
        Reply(line=f"--quiet list_queues --vhost /shop {columns}", output=QUEUES.format(n=0)),
        Reply(
            line="--quiet list_connections name user vhost state channels",
            output="name\tuser\tvhost\tstate\tchannels\n10.0.0.9:512 -> mq\torders\t/shop\tblocked\t1\n",
        ),
        Reply(
            line="--quiet list_consumers --vhost /shop",
            needs={"restarted": "yes"},
            output=CONSUMERS,
        ),
    )
    stubs.add("rabbitmq-diagnostics", Reply(line="--quiet check_local_alarms"))
    values = {"vhost": "/shop", "consumer": "orders-worker"}
    ran = (await book.run("rabbitmq-queue-depth", **values)).succeeded()
    assert "48211" in ran.outputs["queues"]
    assert "blocked" in ran.outputs["connections"]
    assert "NRestarts=0" in ran.previews["restart"]
    assert "c1" in ran.outputs["consumers"]
    assert await book.checks(ran, "restart")
    assert not any("purge" in call or "delete" in call for call in stubs.calls)


async def test_a_broker_that_does_not_answer_ends_the_run(book: Book, stubs: Stubs) -> None:
    _systemctl(stubs)
    down = "Error: unable to perform an operation on node 'rabbit@mq'. Please see diagnostics.\n"
    stubs.add("rabbitmqctl", Reply(line=".*", output=down, status=69))
    stubs.add("rabbitmq-diagnostics", Reply(line=".*", output=down, status=69))
    ran = await book.run("rabbitmq-queue-depth", consumer="orders-worker")
    assert ran.finished.state is ProposalState.FAILED
    assert "unable to perform" in ran.outputs["queues"]
    assert "systemctl restart orders-worker" not in stubs.calls


def _kafka(stubs: Stubs, *, state: str) -> None:
    stubs.add(
        "kafka-consumer-groups.sh",
        Reply(line=GROUPS, needs={"restarted": "yes"}, output=LAG.format(end=91200, lag=12)),
        Reply(line=GROUPS, output=LAG.format(end=91200, lag=90000)),
        Reply(line=f"{GROUPS} --members --verbose", output="has no active members.\n"),
        Reply(
            line=f"{GROUPS} --state",
            needs={"restarted": "yes"},
            output=STATE.format(state=state, members=3),
        ),
        Reply(line=f"{GROUPS} --state", output=STATE.format(state="Empty", members=0)),
    )
    stubs.add(
        "kafka-topics.sh",
        Reply(line="--bootstrap-server kafka-1:9092 --describe --under-replicated-partitions"),
    )


async def test_a_lagging_group_becomes_stable(book: Book, stubs: Stubs) -> None:
    _systemctl(stubs)
    _kafka(stubs, state="Stable")
    values = {"bootstrap": "kafka-1:9092", "group": "orders", "consumer": "orders-worker"}
    before = await book.propose("kafka-consumer-lag", **values)
    assert not await book.checks(before, "restart")
    ran = (await book.run("kafka-consumer-lag", **values)).succeeded()
    assert "90000" in ran.outputs["lag"]
    assert "no active members" in ran.outputs["members"]
    assert "90000" not in ran.outputs["after"]
    assert await book.checks(ran, "restart")


async def test_a_group_that_rebalances_is_not_stable(book: Book, stubs: Stubs) -> None:
    _systemctl(stubs)
    _kafka(stubs, state="PreparingRebalance")
    values = {"bootstrap": "kafka-1:9092", "group": "orders", "consumer": "orders-worker"}
    proposed = await book.propose("kafka-consumer-lag", **values)
    await book.shows(proposed, proposed.step("restart").action)
    assert not await book.checks(proposed, "restart")
