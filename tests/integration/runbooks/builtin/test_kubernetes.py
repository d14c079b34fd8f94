"""Kubernetes runbooks, with a stand-in for kubectl that prints as it does."""

from __future__ import annotations

import pytest

from runbooks.lifecycle import ProposalState

from .conftest import Book, Reply, Stubs, holds

# What is before an action's own words says which cluster; it is not looked at here.
CLUSTER = r"(--\S+ )*"
POD = "checkout-6d9f5c7b8-x2x4v"
ROLLED = 'deployment "checkout" successfully rolled out\n'
WORKLOAD = {"namespace": "shop", "workload": "deployment/checkout"}


def kubectl(stubs: Stubs, *replies: Reply) -> None:
    table = [
        Reply(
            line=CLUSTER + reply.line,
            output=reply.output,
            status=reply.status,
            needs=reply.needs,
            sets=reply.sets,
        )
        for reply in replies
    ]
    stubs.add("kubectl", *table)


async def test_a_crashing_pod_is_read_and_replaced(book: Book, stubs: Stubs) -> None:
    kubectl(
        stubs,
        Reply(line=f"get pod {POD} -n shop -o wide", output=f"{POD}  0/1  CrashLoopBackOff  7\n"),
        Reply(
            line=f"describe pod {POD} -n shop", output="Last State: Terminated\n Exit Code: 137\n"
        ),
        Reply(line=f"logs {POD} -n shop --previous .*", output="panic: no configuration\n"),
        Reply(line="rollout history deployment/checkout -n shop", output="REVISION\n1\n2\n"),
        Reply(
            line=rf"get pod {POD} -n shop -o jsonpath=\S+ownerReferences\S+", output="ReplicaSet"
        ),
        Reply(
            line=f"delete pod {POD} -n shop --dry-run=server",
            output=f'pod "{POD}" deleted (server dry run)\n',
        ),
        Reply(
            line=f"delete pod {POD} -n shop --wait=true --timeout=90s",
            output=f'pod "{POD}" deleted\n',
            sets={"deleted": "yes"},
        ),
        Reply(
            line="rollout status deployment/checkout -n shop --timeout=120s",
            needs={"deleted": "yes"},
            output=ROLLED,
        ),
    )
    ran = (await book.run("kubernetes-crash-loop", pod=POD, **WORKLOAD)).succeeded()
    assert "Exit Code: 137" in ran.outputs["describe"]
    assert "panic" in ran.outputs["last-words"]
    assert "server dry run" in ran.previews["delete"]
    assert ran.verified == {"delete": True}


@pytest.mark.parametrize(
    ("owner", "may"), [("ReplicaSet", True), ("StatefulSet", True), ("", False)]
)
async def test_only_a_pod_with_a_controller_is_deleted(
    book: Book, stubs: Stubs, owner: str, may: bool
) -> None:
    kubectl(stubs, Reply(line="get pod .* -o jsonpath.*", output=owner), Reply(line=".*"))
    proposed = await book.propose("kubernetes-crash-loop", pod=POD, **WORKLOAD)
    condition = proposed.step("delete").when
    assert condition is not None
    assert condition.step_id == "owner"
    assert condition.expect is not None
    shown = await book.shows(proposed, proposed.step("owner").action)
    assert holds(condition.expect, shown) is may


async def test_pending_pods_are_only_looked_at(book: Book, stubs: Stubs) -> None:
    event = "0/3 nodes are available: 3 Insufficient cpu.\n"
    kubectl(
        stubs,
        Reply(
            line="get pods -n shop --field-selector=status.phase=Pending -o wide", output="web-1\n"
        ),
        Reply(line="get events -n shop --field-selector=reason=FailedScheduling .*", output=event),
        Reply(line="get nodes -o wide", output="node-1 Ready,SchedulingDisabled\n"),
        Reply(line="get nodes -o custom-columns=.*", output="NODE CORDONED CPU\nnode-1 true 4\n"),
        Reply(line="top nodes", output="node-1 3900m 97%\n"),
        Reply(line="describe resourcequota -n shop", output="requests.cpu 10 10\n"),
        Reply(line="get pvc -n shop", output="data Bound\n"),
    )
    ran = (await book.run("kubernetes-pending-pods", namespace="shop")).succeeded()
    assert "Insufficient cpu" in ran.outputs["scheduler"]
    assert len(ran.outputs) == 7
    assert ran.previews == {}


DRAIN = "drain node-1 --ignore-daemonsets --delete-emptydir-data"


def _node(stubs: Stubs) -> None:
    kubectl(
        stubs,
        Reply(line="describe node node-1", output="Conditions:\n  Ready  False\n"),
        Reply(
            line="get pods --all-namespaces --field-selector spec.nodeName=node-1 .*", output="a\n"
        ),
        Reply(line="get poddisruptionbudgets --all-namespaces", output="shop web 1 0\n"),
        Reply(
            line="cordon node-1 --dry-run=server", output="node/node-1 cordoned (server dry run)\n"
        ),
        Reply(line="cordon node-1", output="node/node-1 cordoned\n", sets={"cordoned": "yes"}),
        Reply(line="uncordon node-1", output="node/node-1 uncordoned\n", sets={"cordoned": "no"}),
        Reply(line="get node node-1 -o jsonpath.*", needs={"cordoned": "yes"}, output="true"),
        Reply(line="get node node-1 -o jsonpath.*"),
        Reply(
            line=f"{DRAIN} --dry-run=client",
            needs={"drained": "yes"},
            output="node/node-1 already cordoned (dry run)\nnode/node-1 drained (dry run)\n",
        ),
        Reply(
            line=f"{DRAIN} --dry-run=(server|client)",
            output="node/node-1 cordoned (dry run)\nevicting pod shop/web-1 (dry run)\n",
        ),
        Reply(
            line=f"{DRAIN} --grace-period=30 --timeout=900s",
            output="evicting pod shop/web-1\npod/web-1 evicted\nnode/node-1 drained\n",
            sets={"drained": "yes"},
        ),
    )


async def test_a_node_is_cordoned_and_drained_and_can_come_back(book: Book, stubs: Stubs) -> None:
    _node(stubs)
    proposed = await book.propose("kubernetes-node-drain", node="node-1", grace_s=30)
    assert not await book.checks(proposed, "cordon")
    assert not await book.checks(proposed, "drain"), "a pod is still there"
    assert "evicting pod shop/web-1 (dry run)" in proposed.previews["drain"]
    assert not any("--dry-run" not in call and "drain" in call for call in stubs.calls)
    ran = (await book.run("kubernetes-node-drain", node="node-1", grace_s=30)).succeeded()
    assert "pod/web-1 evicted" in ran.outputs["drain"]
    assert await book.checks(ran, "cordon")
    assert await book.checks(ran, "drain")
    for step_id in ("drain", "cordon"):
        assert "uncordoned" in await book.shows(ran, ran.step(step_id).rollback)
    assert not await book.checks(ran, "cordon")


async def test_a_drain_needs_two_people(book: Book, stubs: Stubs) -> None:
    _node(stubs)
    proposed = await book.propose("kubernetes-node-drain", node="node-1")
    await book.world.approve(proposed.proposal, "bob")
    events = await book.world.run(proposed.proposal)
    assert getattr(events[-1], "state", None) is ProposalState.PENDING
    assert not any("--grace-period" in call for call in stubs.calls)


def _workload(stubs: Stubs, *, status: int = 0) -> None:
    done = ROLLED if status == 0 else "error: timed out waiting for the condition\n"
    kubectl(
        stubs,
        Reply(line="get deployment/checkout -n shop -o wide", output="checkout 3/3 3 3 40d\n"),
        Reply(line="rollout history deployment/checkout -n shop", output="REVISION\n6\n7\n"),
        Reply(line="rollout status deployment/checkout -n shop --watch=false", output=ROLLED),
        Reply(
            line="rollout status deployment/checkout -n shop --timeout=280s",
            output=done,
            status=status,
        ),
        Reply(
            line="rollout restart deployment/checkout -n shop",
            output="deployment.apps/checkout restarted\n",
        ),
        Reply(
            line="rollout undo deployment/checkout -n shop --to-revision=6 --dry-run=server",
            output="deployment.apps/checkout rolled back (server dry run)\n",
        ),
        Reply(
            line="rollout undo deployment/checkout -n shop( --to-revision=6)?",
            output="deployment.apps/checkout rolled back\n",
        ),
    )


async def test_a_workload_is_restarted_and_can_be_undone(book: Book, stubs: Stubs) -> None:
    _workload(stubs)
    ran = (await book.run("kubernetes-rollout-restart", **WORKLOAD)).succeeded()
    assert ran.previews["restart"] == ROLLED.strip()
    assert ran.outputs["restart"] == "deployment.apps/checkout restarted"
    assert ran.verified == {"restart": True}
    assert "rolled back" in await book.shows(ran, ran.step("restart").rollback)


async def test_a_workload_goes_back_to_a_revision_and_forth(book: Book, stubs: Stubs) -> None:
    _workload(stubs)
    ran = (await book.run("kubernetes-rollout-undo", revision=6, **WORKLOAD)).succeeded()
    assert "server dry run" in ran.previews["undo"]
    assert ran.outputs["undo"] == "deployment.apps/checkout rolled back"
    assert await book.checks(ran, "undo")
    assert "rolled back" in await book.shows(ran, ran.step("undo").rollback)


async def test_a_rollout_that_does_not_get_ready_fails_its_check(book: Book, stubs: Stubs) -> None:
    _workload(stubs, status=1)
    proposed = await book.propose("kubernetes-rollout-restart", **WORKLOAD)
    assert not await book.checks(proposed, "restart")


async def test_a_volume_claim_is_enlarged(book: Book, stubs: Stubs) -> None:
    words = r"""--patch \{.*"storage":"40Gi".*\}"""
    patch = rf"patch pvc data-0 -n shop --type=merge {words}"
    trial = rf"patch pvc data-0 -n shop --type=merge --dry-run=server {words}"
    waits = r"wait pvc/data-0 -n shop --for=jsonpath=\{\.status\.capacity\.storage\}=40Gi --timeout=280s"
    kubectl(
        stubs,
        Reply(line="get pvc data-0 -n shop -o wide", output="data-0 Bound pvc-1 20Gi RWO fast\n"),
        Reply(line="describe pvc data-0 -n shop", output="Used By:  postgres-0\n"),
        Reply(line="get storageclass", output="fast csi.example Delete Immediate true 1y\n"),
        Reply(line=trial, output="persistentvolumeclaim/data-0 patched (server dry run)\n"),
        Reply(line=patch, output="persistentvolumeclaim/data-0 patched\n", sets={"grown": "yes"}),
        Reply(
            line=waits,
            needs={"grown": "yes"},
            output="persistentvolumeclaim/data-0 condition met\n",
        ),
    )
    values = {"namespace": "shop", "claim": "data-0", "size_gb": 40}
    ran = (await book.run("kubernetes-volume-full", **values)).succeeded()
    assert "Used By" in ran.outputs["users"]
    assert "patched (server dry run)" in ran.previews["grow"]
    assert ran.outputs["grow"] == "persistentvolumeclaim/data-0 patched"
    assert ran.verified == {"grow": True}
