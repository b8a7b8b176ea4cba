"""Addresses of pods: one for each, none twice while it is held. Pure."""

from __future__ import annotations

import ipaddress

from sandbox.cluster.network import POD_NETWORK

#: Third and fourth numbers of an address; lower ones are the cluster's own.
THIRD, FOURTH = range(1, 255), range(1, 255)
_BASE = ipaddress.ip_network(POD_NETWORK).network_address


class Addresses:
    """Who holds which address."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}
        self._next = 0

    def keep(self, holder: str, address: str) -> str:
        """The address that the holder had before, if it is one of ours and free; else another one."""
        if holder in self._held:
            return self._held[holder]
        if address not in self._held.values() and _is_ours(address):
            self._held[holder] = address
            return address
        return self.take(holder)

    def take(self, holder: str) -> str:
        """An address for a holder: one that was freed comes again last. Raises RuntimeError when all are held."""
        if holder in self._held:
            return self._held[holder]
        held = set(self._held.values())
        for _ in range(len(THIRD) * len(FOURTH)):
            third, fourth = divmod(self._next, len(FOURTH))
            self._next = (self._next + 1) % (len(THIRD) * len(FOURTH))
            address = str(_BASE + THIRD[third] * 256 + FOURTH[fourth])
            if address not in held:
                self._held[holder] = address
                return address
        raise RuntimeError(f"all addresses of {POD_NETWORK} are held")

    def free(self, holder: str) -> None:
        """Gives the holder's address back."""
        self._held.pop(holder, None)


def _is_ours(address: str) -> bool:
    try:
        offset = int(ipaddress.ip_address(address)) - int(_BASE)
    except ValueError:
        return False
    third, fourth = divmod(offset, 256)
    return third in THIRD and fourth in FOURTH
