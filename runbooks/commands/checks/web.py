"""curl and wget: which address is asked, with what, and where the answer goes."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import unquote, urlsplit

from ..invocation import Invocation
from .finding import Finding, change, forbidden

_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CHANGE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_DATA = (
    "-d",
    "--data",
    "--data-raw",
    "--data-binary",
    "--data-ascii",
    "--data-urlencode",
    "--json",
)
_FORM = ("-F", "--form", "--form-string")
_HEADERS = re.compile(
    r"(accept(-[a-z]+)?|content-type|host|user-agent|range|if-[a-z-]+|cache-control|origin|referer"
    r"|x-request-id|x-forwarded-(for|proto|host)|kbn-xsrf|connection|pragma|depth)\s*:[ -~]*",
    re.IGNORECASE,
)
_METADATA_HOSTS = frozenset(
    {"metadata.google.internal", "metadata", "metadata.azure.com", "instance-data"}
)
_METADATA_ADDRESSES = frozenset(
    {"169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254"}
)
_SECRET_PATH = re.compile(
    r"/v1/(secret|auth|sys|kv|transit|pki)|/secrets?(/|$|\?)|/meta-?data|credential|/jolokia"
    r"|/actuator/(env|heapdump|configprops|threaddump|shutdown)|/debug/pprof|/\.(git|env|aws|ssh)"
    r"|/script(text)?(/|$|\?)|/containers/|/exec(/|$|\?)|/run(/|$|\?)|/(api_?key|token)s?(/|$|\?)"
    r"|/_security|/_nodes/[^/]*/?hot_threads/exec|/etc/passwd|\.\./|/cgi-bin/",
    re.IGNORECASE,
)
_WIPES = re.compile(r"^/?$|^/(_all|\*)(/|$)|\*|,")
# `file:/x` and `http:/host`: curl reads a scheme there, and other readers a host.
_SCHEME_ONLY = re.compile(r"[a-z][a-z0-9+.-]*:(?!//)(?![0-9]+(/|$|\?))", re.IGNORECASE)
_HIDDEN_METADATA = re.compile(r"169[.-]254[.-]|(^|[.])(nip|sslip|xip)[.]io$")
_ODD_NUMBER = re.compile(r"(0x[0-9a-f]+|[0-9]+)(\.(0x[0-9a-f]+|[0-9]+)){0,3}", re.IGNORECASE)


def curl(invocation: Invocation) -> Finding | None:
    """Judge one curl call."""
    urls = (*invocation.operands, *invocation.values("--url"))
    reason = _refuse_urls(urls) or _refuse_outputs(invocation) or _refuse_sent(invocation)
    if reason:
        return forbidden(f"curl {reason}")
    return _method(invocation, urls)


def wget(invocation: Invocation) -> Finding | None:
    """Judge one wget call: it must print, or only look."""
    reason = _refuse_urls(invocation.operands) or _refuse_headers(invocation)
    if reason:
        return forbidden(f"wget {reason}")
    targets = invocation.values("-O", "--output-document")
    if targets and all(target in {"-", "/dev/null"} for target in targets):
        return None
    if invocation.has("--spider"):
        return None
    return forbidden("wget writes a file")


def address(word: str) -> Finding | None:
    """Judge one URL that a command reads."""
    reason = _refuse_urls((word,))
    return forbidden(reason) if reason else None


def _refuse_urls(urls: tuple[str, ...]) -> str | None:
    if not urls:
        return "has no address"
    return next((reason for url in urls if (reason := _refuse_url(url))), None)


def _refuse_url(url: str) -> str | None:
    if _SCHEME_ONLY.match(url):
        return "has an address that is not plain"
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").lower()
        port = parts.port
    except ValueError:
        return "has an address that cannot be read"
    if parts.scheme.lower() not in {"http", "https"}:
        return f"asks with {parts.scheme}, not with http"
    if parts.username is not None or parts.password is not None:
        return "has a password in the address"
    if not host or any(char in parts.netloc for char in "{}\\%"):
        return "has an address that is not plain"
    if port in {2375, 2376, 10250, 10255}:
        return "asks a container engine directly"
    if _is_metadata(host):
        return "asks the cloud's metadata service, which hands out credentials"
    if _SECRET_PATH.search(unquote(parts.path)):
        return "asks an address that may hand out credentials or run code"
    return None


def _is_metadata(host: str) -> bool:
    if host in _METADATA_HOSTS | _METADATA_ADDRESSES or _HIDDEN_METADATA.search(host):
        return True
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        # NOTE: 2852039166 and 0xA9FEA9FE are addresses too; nobody who is honest writes them.
        return _ODD_NUMBER.fullmatch(host) is not None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped) in _METADATA_ADDRESSES or (mapped or parsed).is_link_local


def _refuse_outputs(invocation: Invocation) -> str | None:
    if any(target not in {"/dev/null", "-"} for target in invocation.values("-o", "--output")):
        return "writes a file"
    for text in invocation.values("-w", "--write-out"):
        if text.startswith("@") or "output{" in text.replace(" ", ""):
            return "reads or writes a file with -w"
    return None


def _refuse_headers(invocation: Invocation) -> str | None:
    if all(_HEADERS.fullmatch(header) for header in invocation.values("-H", "--header")):
        return None
    return "sends a header that may hold credentials or comes from a file"


def _refuse_resolved(invocation: Invocation) -> str | None:
    for text in invocation.values("--resolve"):
        addresses = text.split(":", 2)[2:]
        if any(_is_metadata(one.strip("[]")) for many in addresses for one in many.split(",")):
            return "asks the cloud's metadata service, which hands out credentials"
    return None


def _refuse_sent(invocation: Invocation) -> str | None:
    reason = _refuse_headers(invocation) or _refuse_resolved(invocation)
    if reason:
        return reason
    for name in _DATA:
        for text in invocation.values(name):
            if name != "--data-raw" and _from_file(name, text):
                return "uploads a file"
    if any("=@" in text or "=<" in text for text in invocation.values(*_FORM)):
        return "uploads a file"
    return None


def _from_file(name: str, text: str) -> bool:
    return text.startswith("@") or (name == "--data-urlencode" and "@" in text.partition("=")[0])


def _method(invocation: Invocation, urls: tuple[str, ...]) -> Finding | None:
    methods = [value.upper() for value in invocation.values("-X", "--request")]
    sends = bool(invocation.values(*_DATA, *_FORM)) and not invocation.has("-G", "--get")
    if any(method not in _READ_METHODS | _CHANGE_METHODS for method in methods):
        return forbidden("curl uses a method that is not known")
    if "DELETE" in methods and any(_WIPES.search(_path(url)) for url in urls):
        return forbidden("curl deletes more than one named thing")
    if sends or any(method in _CHANGE_METHODS for method in methods):
        return change("curl sends a request that may change something")
    return None


def _path(url: str) -> str:
    return urlsplit(url if "://" in url else f"http://{url}").path
