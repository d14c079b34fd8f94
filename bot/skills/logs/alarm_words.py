# ruff: noqa: RUF001 - letters of several scripts look alike
"""How programs say that something went wrong, or that nothing did, in the languages they speak.

Stems with regular expressions; letters of either case. Latin and Cyrillic ones are whole words,
those of scripts without spaces stand anywhere.
"""

from __future__ import annotations

import re

_GRAVE = (
    r"fatal|panic(?:ked)?|critical|segfault|segmentation fault|core dumped|out of memory",
    r"oom[- ]?kill\w*",
    r"kritische[rsn]? \w*fehler|schwerwiegend\w*|abgestürzt|absturz",
    r"erreur (?:critique|fatale)|plantage|error (?:crítico|grave)|erro (?:crítico|fatal)",
    r"errore (?:critico|fatale)|критическ\w*|аварийн\w*",
)
_GRAVE_ANYWHERE = "致命|崩溃|崩潰|严重错误|嚴重錯誤|クラッシュ|치명적"
_BAD = (
    r"errors?|exception|traceback|aborted|crash(?:ed)?|corrupt(?:ed|ion)?",
    r"\w*fehler(?:n|s|haft\w*)?|\w*fehlgeschlagen\w*|gescheitert|misslungen|beschädigt",
    r"erreurs?|échecs?|échoué\w*|corrompu\w*",
    r"errores|fallos?|falló|fallid[oa]s?|excepción|errore|errori|fallit[oaie]|eccezione",
    r"erros?|falhas?|falhou|falharam|exceção|fout(?:en)?|mislukt|błąd|błęd\w+|niepowodzenie",
    r"hata|hatası|başarısız\w*|chyba|selhal\w*|fel|misslyckades",
    r"nie udało się|nepodařilo se|nem sikerült|sikertelen\w*|hiba|epäonnistu\w*|virhe\w*",
    r"eroare|eșu(?:at|ată|are)|kunde inte|kunne ikke|mislyk\w*|gagal|kesalahan|lỗi|thất bại",
    r"σφάλμα\w*|αποτυχία\w*|\w*خطأ|\w*فشل\w*|\w*خطا|\w*שגיאה|\w*נכשל\w*|не вдалося",
    r"ошибк\w*|сбо[йяию]\w*|не удалось|исключени\w*|неудач\w*|помилк\w*|збі[йя]\w*",
)
_BAD_ANYWHERE = "错误|錯誤|失败|失敗|异常|異常|出错|故障|エラー|例外|오류|실패|에러|예외"
_DOUBTFUL = (
    r"fail(?:ed|ure|s|ing)?|refused|denied|timeout|timed out|time out|time-out|timedout",
    r"unreachable|exhausted",
    r"no space left|too many open files|reset by peer|deadlock\w*|forbidden|unauthorized|exceeded",
    r"mismatch|unhealthy|evicted|degraded|read-only file ?system|giving up|gave up|soft lockup",
    r"certificate (?:has |is )?expired|undefined reference|\w*backoff",
    r"unable|cannot|can't|could not|invalid|rejected|unavailable|lost|killed|broken|missing",
    r"(?:kann|konnte|könnte|wurde) \w* ?nicht|nicht (?:möglich|gefunden|erreichbar|verfügbar)",
    r"abgelehnt|verweigert|ungültig\w*|zeitüberschreitung|abgebrochen|abgelaufen|warnung",
    r"impossible|refusée?s?|introuvable|délai dépassé|invalide|expirée?|avertissement",
    r"no se pudo|no se puede|denegad\w*|rechazad\w*|inválid\w*|agotad\w*|caducad\w*|advertencia",
    r"impossibile|rifiutat\w*|negat[oa]|scadut[oa]|não foi possível|negad[oa]|recusad\w*",
    r"невозможно|отклон\w*|недоступ\w*|отказ\w*|таймаут|истек\w*|предупреждени\w*",
)
_DOUBTFUL_ANYWHERE = (
    "警告|超时|逾時|拒绝|拒絕|无法|無法|不足|过期|タイムアウト|拒否|できません|期限切れ|경고|거부"
)
_FAILURES = (
    r"failed|failures?|errors?|exceptions?|fehler\w*|erreurs?|échecs?|errores|fallos?|erros?|falhas?"
    r"|errori|ошибок|сбоев|błęd\w*|chyb\w*|помилок|hata|hiba"
)
_DOUBTS = "unreachable|refused|denied|rejected|timeouts?|lost|killed|missing|invalid|aborted|panics?|crash(?:es)?"
_NOT_ANY = (
    "0|no|not an?|without|zero|kein(?:e|en)?|ohne|sin|aucune?|sans|ningún|sem|nenhuma?|nessuna?"
    "|senza|нет|без"
)
_NOTHING = r"(?:\"\"|''|[\"']?(?:0+(?![.\d])|none|null|nil|false|\[\]|\{\}))"
_NONE = (
    rf"(?:{_NOT_ANY}) (?:\w+ )?(?:{_FAILURES})",
    r"(?:error|failure|crash) rate:? 0(?:\.0+)?(?![.\d])",
    r"fehlerfrei\w*|ошибок нет|error(?:s)?[- ]?free",
    # As a field: errors=0, "error": null, failed: none.
    rf"(?:\w+[_.-])?(?:{_FAILURES}|{_DOUBTS})(?:_?count)?[\"']?\s?[=:]\s?{_NOTHING}",
)
_NONE_ANYWHERE = (
    "(?:没有|沒有|未发现|无|無)(?:任何)?(?:错误|錯誤|异常|異常|失败|失敗|故障)"
    "|(?:错误|錯誤|异常|異常|失败|失敗|故障|出错|エラー|오류|실패|에러)(?:数|數|数量|件数|수)?\\s?[:：=]?\\s?0(?![\\d.])"
    "|(?:エラー|異常|失敗|例外)は?(?:なし|無し|ありません)|오류 ?없"
)


# Other signs of failure than words; see `severity`.
_SIGNS = ("exit", "return", "status", "not ok", "failing", *"\u2715\u2716\u2717\u2718\u274c")
_SYNTAX = re.compile(r"\[[^\]]*\][?*+]?|\\\w[?*+]?|.[?*]")


def _small(text: str) -> str:
    """In small letters, as patterns that ignore case compare them: every i and s is one letter."""
    small = text.lower()
    if small.isascii():
        return small
    return small.replace("i\u0307", "i").replace("\u0131", "i").replace("\u017f", "s")


def _stems(words: str) -> set[str]:
    """Of each alternative a part that every text it matches has, in small letters."""
    flat = words
    while flat != (flat := re.sub(r"\([^()]*\)\??", "\0", flat)):
        pass
    parts = (_SYNTAX.sub("\0", part).split("\0") for part in flat.split("|"))
    return {_small(max(pieces, key=len)) for pieces in parts}


def _pattern(words: tuple[str, ...], anywhere: str, extra: str = "") -> re.Pattern[str]:
    whole = "|".join(words)
    return re.compile(rf"(?i:\b(?:{whole})(?!\w))|{anywhere}{extra}")


GRAVE = _pattern(_GRAVE, _GRAVE_ANYWHERE)
# Names of classes end like that; names of files and functions, in small letters, do too.
BAD = _pattern(_BAD, _BAD_ANYWHERE, r"|\b\w+(?:Error|Exception)\b")
DOUBTFUL = _pattern(_DOUBTFUL, _DOUBTFUL_ANYWHERE)
_ALL_STEMS = {*_SIGNS}.union(
    *map(_stems, (*_GRAVE, *_BAD, *_DOUBTFUL)),
    *map(_stems, (_GRAVE_ANYWHERE, _BAD_ANYWHERE, _DOUBTFUL_ANYWHERE)),
)
_STEMS = tuple(
    sorted(
        stem
        for stem in _ALL_STEMS
        if not any(other in stem and other != stem for other in _ALL_STEMS)
    )
)
NONE_FAILED = _pattern(_NONE, _NONE_ANYWHERE)


def may_alarm(text: str) -> bool:
    """Whether it is worth looking for these words: a quick test that misses none of them."""
    small = _small(text)
    return any(stem in small for stem in _STEMS)
