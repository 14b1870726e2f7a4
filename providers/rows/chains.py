"""Providers of figures about chains themselves."""

from providers.adapters.blockchain_info import BlockchainInfo
from providers.adapters.blockchair import Blockchair
from providers.adapters.etherscan import Etherscan
from providers.adapters.mempool_space import MempoolSpace
from providers.row import Row

BLOCKCHAIR = "https://api.blockchair.com"
# Beside Bitcoin, which it is asked about anyway.
MORE_CHAINS = (
    ("litecoin", "Litecoin"),
    ("dogecoin", "Dogecoin"),
    ("bitcoin-cash", "Bitcoin Cash"),
    ("ethereum", "Ethereum"),
    ("dash", "Dash"),
    ("zcash", "Zcash"),
)


def _blockchair(chain: str, name: str) -> Row:
    slug = f"blockchair-{chain}"
    return Row(
        slug=slug,
        name=f"Blockchair: {name}",
        kind="chain",
        adapter=Blockchair(chain, source=slug),
        origin=BLOCKCHAIR,
        # All chains share the 1440 answers a day that it gives without a key.
        budget=2,
        every=900,
        needs_key="optional",
    )


ROWS: tuple[Row, ...] = (
    Row(
        slug="mempool-space",
        name="mempool.space",
        kind="chain",
        adapter=MempoolSpace(),
        origin="https://mempool.space",
        # Three answers make one set of figures; its limits are secret, and it bans.
        budget=6,
        every=120,
        is_default=True,
    ),
    Row(
        slug="blockchain-info",
        name="blockchain.info",
        kind="chain",
        adapter=BlockchainInfo(),
        origin="https://api.blockchain.info",
        # Its charts gain one point a day, and it wants ten seconds between questions.
        budget=4,
        every=3600,
        is_default=True,
    ),
    Row(
        slug="blockchair",
        name="Blockchair: Bitcoin",
        kind="chain",
        adapter=Blockchair(),
        origin=BLOCKCHAIR,
        budget=2,
        every=900,
        needs_key="optional",
        is_default=True,
    ),
    *(_blockchair(chain, name) for chain, name in MORE_CHAINS),
    Row(
        slug="etherscan",
        name="Etherscan",
        kind="chain",
        adapter=Etherscan(),
        origin="https://api.etherscan.io",
        budget=30,
        every=60,
        needs_key="required",
    ),
)
