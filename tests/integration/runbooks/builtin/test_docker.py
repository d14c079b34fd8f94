"""The Docker runbook, with a stand-in for the client that prints as it does."""

from __future__ import annotations

from .conftest import Book, Reply, Stubs

ENGINE = r"(--\S+ )*"
USAGE = "TYPE          TOTAL  ACTIVE  SIZE    RECLAIMABLE\nImages        41     9       31.2GB  24.9GB (79%)\n"
FORMATTED = "Images: 6.3GB, reclaimable 0B (0%)\nContainers: 1MB, reclaimable 0B\nBuild Cache: 0B, reclaimable 0B\n"


async def test_images_and_build_cache_are_pruned_and_nothing_else(book: Book, stubs: Stubs) -> None:
    stubs.add(
        "docker",
        Reply(line=ENGINE + "system df", output=USAGE),
        Reply(line=ENGINE + r"system df --format \{\{\.Type\}\}.*", output=FORMATTED),
        Reply(line=ENGINE + "image ls --filter dangling=true", output="<none> <none> 1f2e 3GB\n"),
        Reply(
            line=ENGINE + "image prune --force --filter until=240h",
            output="Total reclaimed space: 24.9GB\n",
        ),
        Reply(
            line=ENGINE + "builder prune --force --filter until=240h",
            output="Total:\t3.1GB\n",
        ),
    )
    ran = (await book.run("docker-prune", unused_hours=240)).succeeded()
    assert "24.9GB (79%)" in ran.outputs["usage"]
    assert "<none>" in ran.previews["images"]
    assert ran.outputs["images"] == "Total reclaimed space: 24.9GB"
    assert await book.checks(ran, "images")
    assert await book.checks(ran, "build-cache")
    assert not any("volume" in call or "container" in call for call in stubs.calls)
