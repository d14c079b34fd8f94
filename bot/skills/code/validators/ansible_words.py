"""Words of Ansible: keywords of plays and tasks, and the modules of Ansible's own collection."""

from __future__ import annotations

_COMMON = """
any_errors_fatal become become_exe become_flags become_method become_user check_mode collections
connection debugger diff environment ignore_errors ignore_unreachable module_defaults name no_log
port remote_user run_once tags throttle timeout vars
"""
PLAY_WORDS = frozenset(
    f"""{_COMMON} fact_path force_handlers gather_facts gather_subset gather_timeout handlers hosts
    max_fail_percentage order post_tasks pre_tasks roles serial strategy tasks vars_files
    vars_prompt""".split()
)
TASK_WORDS = frozenset(
    f"""{_COMMON} action always args async block changed_when delay delegate_facts delegate_to
    failed_when listen local_action loop loop_control notify poll register rescue retries until
    when""".split()
)
_MODULES = """
add_host apt apt_key apt_repository assemble assert async_status blockinfile command copy cron
deb822_repository debconf debug dnf dnf5 dpkg_selections expect fail fetch file find
gather_facts get_url getent git group group_by hostname import_playbook import_role
import_tasks include_role include_tasks include_vars iptables known_hosts lineinfile meta
mount_facts package package_facts pause ping pip raw reboot replace rpm_key script service
service_facts set_fact set_stats setup shell slurp stat subversion systemd systemd_service
sysvinit tempfile template unarchive uri user validate_argument_spec wait_for
wait_for_connection yum yum_repository
"""
BUILTIN_MODULES = frozenset(_MODULES.split())
# Their arguments are a command, or names of the author's own.
_FREE = """
command shell raw script set_fact meta include_vars debug add_host group_by set_stats
import_tasks include_tasks import_role include_role
"""
FREE_FORM = frozenset(_FREE.split())
