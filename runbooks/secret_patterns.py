"""What secrets look like: every pattern's group `secret` is replaced by `MARK`.

Every pattern runs in linear time: each starts at a fixed word or at the edge of a run of characters,
and every repetition that something must follow is bounded.
"""

from __future__ import annotations

import re

MARK = "[redacted]"
_NOT_YET = r"(?!\[redacted\])"

# Token formats that are recognised wherever they stand; the prefix is unmistakable.
_FORMATS = (
    r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{8,}",
    r"xapp-[A-Za-z0-9-]{8,}",
    r"gh[pousr]_[A-Za-z0-9]{16,}",
    r"github_pat_[A-Za-z0-9_]{16,}",
    r"gl(?:pat|ptt|dt|rt|cbt|soat)-[A-Za-z0-9_.-]{16,}",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    r"AIza[A-Za-z0-9_-]{30,}",
    r"ya29\.[A-Za-z0-9_-]{16,}",
    r"GOCSPX-[A-Za-z0-9_-]{16,}",
    r"(?:sk|rk|pk|whsec)_(?:live|test)_[A-Za-z0-9]{12,}",
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"sk-[A-Za-z0-9_-]{20,}",
    r"hf_[A-Za-z0-9]{20,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-[A-Za-z0-9_-]{30,}",
    r"do[opr]_v1_[a-f0-9]{32,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"hv[sbr]\.[A-Za-z0-9_-]{16,}",
    r"dckr_pat_[A-Za-z0-9_-]{16,}",
    r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}",
    r"glsa_[A-Za-z0-9_]{20,}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{20,}",
    r"\d{8,10}:AA[A-Za-z0-9_-]{30,}",
    r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,3}",
)

# Names whose value is a secret, in any of the usual spellings.
_NAMES = (
    r"pass(?:words?|wd|phrase|code)",
    r"(?<=[_-])pass",
    r"pwd",
    r"passwort",
    r"secrets?(?:[_-]?(?:access[_-]?)?key)?",
    (
        r"(?:access|refresh|auth|bearer|session|security|id|csrf|xsrf|api|bot|app|oauth|private|deploy)"
        r"[_-]?token"
    ),
    r"token",
    r"api[_-]?keys?",
    r"apikey",
    (
        r"(?:access|account|auth|client|encryption|master|private|shared|signing|storage|ssh|secret"
        r"|service|consumer|license|host|app)[_-]?(?:access[_-]?)?(?:key|secret)"
    ),
    r"credentials?",
    r"sas[_-]?token",
    r"(?<=[?&])sig(?:nature)?",
    r"x-amz-(?:signature|credential|security-token)",
    r"aws[_-]?(?:secret|session)[\w-]{0,20}",
    r"sessionid|session[_-]id|jsessionid|phpsessid",
    r"otp|totp|pin[_-]?code|mfa[_-]?code",
    r"connection[_-]?string",
    r"dsn",
    r"webhook[_-]?url",
)
_NAME = rf"(?:{'|'.join(_NAMES)})"
_ESCAPED_QUOTE = r"\\{0,3}[\"']"
_ASSIGNED = (
    rf"(?i:(?<![A-Za-z]){_NAME}|(?<=[a-z])(?-i:Password|Passwd|Secret|Token|ApiKey|SecretKey"
    rf"|AccessKey|PrivateKey|AccountKey|Credential)|(?<=[A-Z])(?-i:PASSWORD|PASSWD|PASS|PWD|SECRET|TOKEN))(?:{_ESCAPED_QUOTE})?[\])]?"
    rf"[ \t]{{0,4}}(?:=>|:=|=|:)[ \t]{{0,4}}"
)
_HEADERS = (
    r"(?:proxy-)?authorization|(?:set-)?cookie|x-(?:api|auth|access|vault|goog|gitlab|amz-security)"
    r"[\w-]{0,30}|private-token|x-amz-security-token|dd-api-key|circle-token"
)

_SOURCES = (
    # Private key blocks, also cut off ones and ones written with \n inside JSON.
    (
        r"(?P<secret>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z))"
    ),
    r"(?P<secret>PuTTY-User-Key-File-[23]:(?s:.*?)(?:Private-MAC: ?[0-9a-f]{1,128}|\Z))",
    # Passwords in URLs; a database password may hold a slash.
    rf"://[^\s/:@\"'<>]{{0,128}}:{_NOT_YET}(?P<secret>[^\s/\"'<>]{{1,256}})@",
    (
        rf"(?:postgres(?:ql)?|mysql|mariadb|redis|rediss|amqps?|mongodb|ftp|smtp)(?:\+\w{{1,20}})?"
        rf"://[^\s/:@\"'<>]{{0,128}}:{_NOT_YET}(?P<secret>[^\s\"'<>]{{1,256}})@"
    ),
    rf"https?://{_NOT_YET}(?P<secret>[^\s/:@\"'<>]{{16,256}})@",
    (
        rf"(?:hooks\.slack\.com/(?:services|workflows|triggers)"
        rf"|discord(?:app)?\.com/api/webhooks|\.webhook\.office\.com/webhookb2)/"
        rf"{_NOT_YET}(?P<secret>[^\s\"'<>)\]]{{8,512}})"
    ),
    # Whole header values, to the end of the line or of the quoted text.
    (
        rf"(?i:(?<![\w-])(?:{_HEADERS}))(?:{_ESCAPED_QUOTE})?[ \t]{{0,4}}[:=][ \t]{{0,4}}"
        rf"(?:{_ESCAPED_QUOTE})?{_NOT_YET}(?P<secret>[^\s\"'\\][^\"'\r\n\\]{{0,8000}})"
    ),
    (
        rf"(?i:(?<![\w-])(?:bearer|basic|token|apikey|digest|negotiate))[ \t]{{1,4}}{_NOT_YET}"
        rf"(?P<secret>(?=[A-Za-z0-9+/=_.~-]{{0,4000}}[0-9=_])[A-Za-z0-9+/=_.~-]{{12,8000}})"
    ),
    rf"(?<![A-Za-z0-9_.-])(?P<secret>{'|'.join(_FORMATS)})",
    # name=value, name: value, "name": "value", and their quoted values with spaces.
    rf"{_ASSIGNED}{_ESCAPED_QUOTE}{_NOT_YET}(?P<secret>[^\"'\r\n\\]{{1,4000}})",
    rf"{_ASSIGNED}{_NOT_YET}(?P<secret>[^\s\"'\\,;&<>(){{}}\[\]][^\s\"'\\,;&<>]{{0,4000}})",
    rf"(?i:<(?:\w{{1,20}}:)?{_NAME}>)[ \t]{{0,4}}{_NOT_YET}(?P<secret>[^<\r\n]{{1,4000}})<",
    # Options of command lines.
    (
        rf"(?i:(?<![\w-])--?(?:[a-z]{{1,20}}-){{0,3}}{_NAME})[ \t]{{1,4}}(?:{_ESCAPED_QUOTE})?"
        rf"{_NOT_YET}(?P<secret>[^\s\"'-][^\s\"']{{0,4000}})"
    ),
    (
        rf"(?<![\w-])(?:-u|--user|--proxy-user)[ =]{{1,4}}(?:{_ESCAPED_QUOTE})?[^\s:\"']{{1,128}}:{_NOT_YET}"
        rf"(?P<secret>[^\s\"']{{1,4000}})"
    ),
    (
        rf"(?<![\w-])(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\r\n|;]{{0,200}}?\s-p{_NOT_YET}"
        rf"(?P<secret>[^\s\"'-][^\s\"']{{0,400}})"
    ),
    rf"(?<![\w-])(?:sshpass)\s{{1,4}}-p\s{{0,4}}{_NOT_YET}(?P<secret>[^\s\"'-][^\s\"']{{0,400}})",
    (
        rf"(?<![\w-])redis-cli\b[^\r\n|;]{{0,200}}?\s-a\s{{1,4}}{_NOT_YET}"
        rf"(?P<secret>[^\s\"'-][^\s\"']{{0,400}})"
    ),
    # Prose, only where the word looks like no ordinary word; crypt(3) hashes.
    (
        rf"(?i:\b(?:password|passphrase|secret|token)\s{{1,4}}(?:is|was)\s{{1,4}}){_NOT_YET}"
        rf"(?P<secret>(?=\S{{0,100}}[0-9!@#$%^&*])\S{{4,200}})"
    ),
    rf"(?<![\w$]){_NOT_YET}(?P<secret>\$(?:1|2[aby]|5|6|7|y|gy|argon2id?)\$[^\s:\"']{{8,400}})",
)
PATTERNS = tuple(re.compile(source) for source in _SOURCES)
