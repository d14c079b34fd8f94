"""Directives of nginx that are younger than crossplane's list, and where one is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from crossplane import analyzer  # pyright: ignore[reportMissingTypeStubs]

# Values of nginx 1.19.4 to 1.28, by where they may stand and what they take.
_FLAGS_OF_SERVERS = """
http2 http3 http3_hq quic_retry quic_gso ssl_reject_handshake ssl_object_cache_inheritable
"""
_VALUES_OF_SERVERS = """
http3_max_concurrent_streams http3_stream_buffer_size quic_host_key quic_active_connection_id_limit
keepalive_time keepalive_min_timeout max_headers ssl_alpn ssl_certificate_cache ssl_key_log ssl_ocsp
ssl_ocsp_cache ssl_ocsp_responder ssl_conf_command
"""
_VALUES_OF_LOCATIONS = """
auth_delay early_hints grpc_ssl_conf_command keepalive_time keepalive_min_timeout
proxy_cookie_flags proxy_pass_trailers proxy_ssl_alpn proxy_ssl_conf_command proxy_ssl_key_log
uwsgi_ssl_conf_command
"""
# Blocks whose lines are an author's own keys and values.
_DATA = frozenset({"map", "geo", "types", "split_clients", "charset_map"})

Directive = dict[str, Any]


@cache
def know_newer_directives() -> None:
    """Tell crossplane of them, once; those that it knows stay as they are."""
    servers = analyzer.NGX_HTTP_MAIN_CONF | analyzer.NGX_HTTP_SRV_CONF
    locations = servers | analyzer.NGX_HTTP_LOC_CONF
    for words, mask in (
        (_VALUES_OF_LOCATIONS, locations | analyzer.NGX_CONF_1MORE),
        (_FLAGS_OF_SERVERS, servers | analyzer.NGX_CONF_FLAG),
        (_VALUES_OF_SERVERS, servers | analyzer.NGX_CONF_1MORE),
    ):
        for name in words.split():
            analyzer.DIRECTIVES.setdefault(name, [mask])


def unknown_directives(parsed: list[Directive]) -> Iterator[tuple[int, str]]:
    """Line and name of every directive that is not nginx's own."""
    for each in parsed:
        name = str(each["directive"])
        if name not in analyzer.DIRECTIVES:
            yield int(each["line"]), name
        elif name not in _DATA:
            yield from unknown_directives(each.get("block") or [])
