"""Only programs that those who keep the machine can change are bound and run."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.errors import ProposalError
from runbooks.planning import find_executable


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir(mode=0o755)
    path = folder / "tool"
    path.write_text("#!/bin/true\n")
    path.chmod(0o755)
    return path


def test_a_program_of_a_kept_folder_is_found(program: Path) -> None:
    assert find_executable(str(program)) == str(program)


def test_a_program_that_anybody_can_write_is_refused(program: Path) -> None:
    program.chmod(0o777)
    with pytest.raises(ProposalError, match="replaced by anybody"):
        find_executable(str(program))


def test_a_program_in_a_folder_that_anybody_can_write_is_refused(program: Path) -> None:
    program.parent.chmod(0o777)
    with pytest.raises(ProposalError, match="replaced by anybody"):
        find_executable(str(program))


def test_a_link_is_judged_by_where_it_leads(program: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(program)
    assert find_executable(str(link)) == str(link)
    program.parent.chmod(0o777)
    with pytest.raises(ProposalError, match="replaced by anybody"):
        find_executable(str(link))
