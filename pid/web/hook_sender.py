"""Web hooks: an event is posted to an address that a user gave, signed, and again until it is taken.

The address may lead anywhere, so it is looked at twice: its form when it is registered, and at each sending the address
that its name stands for, to which the connection then goes (a name that changes its mind in between changes nothing).
Addresses of this machine and of private networks are refused unless they are allowed. Redirections are not followed.

``X-Pid-Signature: t=SECONDS,v1=HEX`` is the HMAC-SHA256 of ``SECONDS.BODY`` under the hook's secret.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.exc import SQLAlchemyError

from pid import __version__
from pid.errors import InputError
from pid.web.models import Delivery
from pid.web.store import Store
from pid.web.store_errors import NotFoundError

SECONDS = 10.0
"""For connecting, and for each wait after that."""
MOST_ANSWER = 64 << 10
MOST_TRIES = 8
FIRST_WAIT_S = 15.0
"""Before the second try; doubled before each later one: the last one comes half an hour after the first."""
LOOK_EVERY_S = 1.0
LONGEST_URL = 2000
SIGNATURE = "X-Pid-Signature"
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_log = logging.getLogger(__name__)


class DeliveryError(Exception):
    """A delivery was not taken; the message says why."""


class HookSender:
    """Sends what is due, by a thread of its own.

    Args:
        store: the deliveries.
        allowed: networks (CIDR) that may be called though they are private.
    """

    def __init__(self, store: Store, allowed: Sequence[str] = ()) -> None:
        self._store = store
        self._allowed = read_networks(allowed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="pid-hooks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(SECONDS)

    def send_due(self) -> int:
        """Send what is due now; how many deliveries that were."""
        due = self._store.due_deliveries()
        for delivery in due:
            self._send(delivery)
        return len(due)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self.send_due():
                    self._stopping.wait(LOOK_EVERY_S)
            except SQLAlchemyError:
                _log.exception("web hooks pause")
                self._stopping.wait(FIRST_WAIT_S)

    def _send(self, delivery: Delivery) -> None:
        body = json.dumps(
            {"id": delivery.id, "event": delivery.event, "created": delivery.created.isoformat(), **delivery.body}
        ).encode()
        try:
            try:
                post(delivery.hook.url, body, signature(delivery.hook.secret, body, int(time.time())), self._allowed)
            except (DeliveryError, InputError) as error:
                again = FIRST_WAIT_S * 2 ** (delivery.tries - 1) if delivery.tries < MOST_TRIES else None
                self._store.delivery_failed(delivery.id, str(error), again_in_s=again)
            else:
                self._store.delivered(delivery.id)
        except NotFoundError:
            return  # the hook was removed meanwhile


def signature(secret: str, body: bytes, seconds: int) -> str:
    """The value of the header `SIGNATURE`."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={digest.hexdigest()}"


def check_url(url: str) -> SplitResult:
    """The parts of a hook's address. Raises `InputError` for one that no hook may have."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"The address of a web hook cannot be read: {error}.") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("The address of a web hook begins with http:// or https:// and names a host.")
    if parts.username is not None or parts.password is not None:
        raise InputError("The address of a web hook holds no user name or password.")
    if port == 0 or not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST_URL:
        raise InputError("The address of a web hook holds characters or a port that it must not.")
    return parts


def read_networks(names: Sequence[str]) -> tuple[Network, ...]:
    """Networks by their CIDR names. Raises `InputError`."""
    try:
        return tuple(ipaddress.ip_network(name, strict=False) for name in names)
    except ValueError as error:
        raise InputError(f"A network is written like 10.1.0.0/16: {error}.") from error


def find_address(parts: SplitResult, allowed: Sequence[Network]) -> Address:
    """The address behind a host name. Raises `InputError` unless all that the name stands for may be called."""
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"The host {host} is not known.") from error
    addresses = [ipaddress.ip_address(entry[4][0]) for entry in found]
    for address in addresses:
        if not may_call(address, allowed):
            raise InputError(f"{host} is an address of a private network, which web hooks may not call.")
    return addresses[0]


def may_call(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address is anybody's in the open internet, or one that is allowed."""
    inner = _inner_address(address)
    if inner is not None:
        return may_call(inner, allowed)
    return (address.is_global and not address.is_multicast) or any(address in network for network in allowed)


def _inner_address(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one leads to: mapped, 6to4, or through a translator (NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def post(url: str, body: bytes, signed: str, allowed: Sequence[Network]) -> None:
    """Post a body. Raises `DeliveryError` or `InputError` unless the other side answers 2xx."""
    parts = check_url(url)
    address = find_address(parts, allowed)
    connection = _connect(parts, address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": "application/json", "User-Agent": f"pid/{__version__}", SIGNATURE: signed}
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read(MOST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise DeliveryError(f"{parts.hostname} could not be reached: {type(error).__name__}.") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise DeliveryError(f"{parts.hostname} answered {answer.status}.")


def _connect(parts: SplitResult, address: Address) -> http.client.HTTPConnection:
    """A connection to an address whose Host header and certificate are those of the name."""
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS, context=ssl.create_default_context())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)

    def reach(_name: tuple[str, int], timeout: float, source: tuple[str, int] | None) -> socket.socket:
        return socket.create_connection((str(address), connection.port), timeout, source)

    connection._create_connection = reach  # type: ignore[attr-defined]  # what `connect` calls, TLS comes after it
    return connection
