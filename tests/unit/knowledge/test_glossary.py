"""Which language a question is in, and what the tables of words make of it."""

from __future__ import annotations

from importlib import resources

import pytest

from knowledge.glossary import in_english
from knowledge.language import Language, language_of


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("the disk of db-3 is full, what now", Language.ENGLISH),
        ("CoreDNS 的证书过期了", Language.CHINESE),
        ("ディスクがいっぱいです", Language.JAPANESE),
        ("warum ist die platte voll", Language.GERMAN),
        ("por qué está lleno el disco del servidor", Language.SPANISH),
        ("pourquoi le disque du serveur est plein", Language.FRENCH),
        ("почему диск заполнен", Language.OTHER),
        ("디스크가 가득 찼어요", Language.OTHER),
        ("KubePodCrashLooping", Language.ENGLISH),
        ("die server die, or so the log says", Language.ENGLISH),
        ("", Language.ENGLISH),
    ],
)
def test_the_language_is_told_by_script_and_small_words(question: str, expected: Language) -> None:
    assert language_of(question) is expected


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("磁盘空间满了怎么办", "disk space full how to"),
        ("etcd 证书什么时候过期", "etcd certificate expire"),
        ("データベースの証明書を更新する", "database certificate renew"),
        ("warum ist das datenbankzertifikat abgelaufen", "cause database certificate expired"),
        ("por qué está lleno el disco", "cause full disk"),
        (
            "comment redémarrer le serveur de base de données",
            "how to restart reboot server database",
        ),
    ],
)
def test_known_words_become_english_in_the_order_of_the_question(question: str, words: str) -> None:
    assert in_english(question) == words


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("pg_wal 目录满了", "pg_wal"),
        ("CollectorNodeDown: en qué puerto está el servidor", "CollectorNodeDown"),
        ("wie starte ich kube-proxy auf dem knoten neu", "kube-proxy"),
        ("`kubectl get pods -A` で何も見つからない", "kubectl"),
    ],
)
def test_names_in_latin_letters_stay(question: str, name: str) -> None:
    assert name in in_english(question).split()


@pytest.mark.parametrize("question", ["where is the runbook", "где логи", "", "!!!"])
def test_what_needs_or_has_no_table_gives_nothing(question: str) -> None:
    assert in_english(question) == ""


@pytest.mark.parametrize("language", ["zh", "ja", "de", "es", "fr"])
def test_no_table_says_two_things_about_one_word(language: str) -> None:
    file = resources.files("knowledge") / "glossaries" / f"{language}.txt"
    seen: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        english, _, foreign = line.partition(":")
        words = foreign.split() if language in ("zh", "ja") else foreign.split(",")
        assert english.isascii() and words, line
        for word in words:
            assert seen.setdefault(word.strip(), english) == english, word
