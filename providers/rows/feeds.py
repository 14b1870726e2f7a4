"""Headlines: an aggregator with a key, and every feed that is worth reading.

The end of a slug says what a feed is: news, blog, status, releases, forum, research or notices.
"""

from itertools import chain

from providers.adapters.cryptopanic import CryptoPanic
from providers.adapters.rss import Rss
from providers.row import Row

# Read by a fresh installation: publishers that serve their feed to whoever asks.
DEFAULT_FEEDS = (
    ("coindesk-news", "CoinDesk", "https://www.coindesk.com", "/arc/outboundfeeds/rss"),
    ("cointelegraph-news", "Cointelegraph", "https://cointelegraph.com", "/rss"),
    ("the-block-news", "The Block", "https://www.theblock.co", "/rss.xml"),
    ("decrypt-news", "Decrypt", "https://decrypt.co", "/feed"),
    ("blockworks-news", "Blockworks", "https://blockworks.co", "/feed"),
    ("dl-news", "DL News", "https://www.dlnews.com", "/arc/outboundfeeds/rss/"),
    ("protos-news", "Protos", "https://protos.com", "/feed/"),
    ("cryptoslate-news", "CryptoSlate", "https://cryptoslate.com", "/feed/"),
    ("beincrypto-news", "BeInCrypto", "https://beincrypto.com", "/feed/"),
    ("the-defiant-news", "The Defiant", "https://thedefiant.io", "/api/feed"),
    ("bitcoinist-news", "Bitcoinist", "https://bitcoinist.com", "/feed/"),
    ("ambcrypto-news", "AMBCrypto", "https://ambcrypto.com", "/feed/"),
    ("newsbtc-news", "NewsBTC", "https://www.newsbtc.com", "/feed/"),
    ("u-today-news", "U.Today", "https://u.today", "/rss"),
    ("coinjournal-news", "CoinJournal", "https://coinjournal.net", "/feed/"),
    ("chaincatcher-news", "ChainCatcher", "https://www.chaincatcher.com", "/rss.xml"),
    ("google-bitcoin-news", "Google News: Bitcoin", "https://news.google.com",
     "/rss/search?q=bitcoin&hl=en-US&gl=US&ceid=US:en"),
    ("investing-crypto-news", "Investing.com", "https://www.investing.com", "/rss/news_301.rss"),
    ("ethereum-blog", "Ethereum Blog", "https://blog.ethereum.org", "/feed.xml"),
    ("kraken-blog", "Kraken Blog", "https://blog.kraken.com", "/feed"),
    ("kraken-status", "Kraken Status", "https://status.kraken.com", "/history.rss"),
    ("coinbase-status", "Coinbase Status", "https://status.coinbase.com", "/history.rss"),
)  # fmt: skip

NEWS = (
    ("bitcoin-magazine-news", "Bitcoin Magazine", "https://bitcoinmagazine.com", "/feed"),
    ("crypto-briefing-news", "Crypto Briefing", "https://cryptobriefing.com", "/feed/"),
    ("unchained-news", "Unchained", "https://unchainedcrypto.com", "/feed/"),
    ("crypto-news", "crypto.news", "https://crypto.news", "/feed/"),
    ("cryptopotato-news", "CryptoPotato", "https://cryptopotato.com", "/feed/"),
    ("coingape-news", "CoinGape", "https://coingape.com", "/feed/"),
    ("cryptonews-com-news", "Cryptonews", "https://cryptonews.com", "/news/feed/"),
    ("bitcoin-com-news", "Bitcoin.com News", "https://news.bitcoin.com", "/feed/"),
    ("daily-hodl-news", "The Daily Hodl", "https://dailyhodl.com", "/feed/"),
    ("zycrypto-news", "ZyCrypto", "https://zycrypto.com", "/feed/"),
    ("finbold-news", "Finbold", "https://finbold.com", "/feed/"),
    ("coinpedia-news", "Coinpedia", "https://coinpedia.org", "/feed/"),
    ("coindoo-news", "Coindoo", "https://coindoo.com", "/feed/"),
    ("tron-weekly-news", "Tron Weekly", "https://www.tronweekly.com", "/feed/"),
    ("crypto-basic-news", "The Crypto Basic", "https://thecryptobasic.com", "/feed/"),
    ("cryptopolitan-news", "Cryptopolitan", "https://www.cryptopolitan.com", "/feed/"),
    ("crypto-economy-news", "Crypto Economy", "https://crypto-economy.com", "/feed/"),
    ("finance-magnates-news", "Finance Magnates", "https://www.financemagnates.com",
     "/cryptocurrency/feed/"),
    ("coinspeaker-news", "Coinspeaker", "https://www.coinspeaker.com", "/feed/"),
    ("milk-road-news", "Milk Road", "https://milkroad.com", "/feed/"),
    ("btc-echo-news", "BTC-ECHO", "https://www.btc-echo.de", "/feed/"),
    ("coinpost-news", "CoinPost", "https://coinpost.jp", "/?feed=rss2"),
    ("tokenpost-news", "TokenPost", "https://www.tokenpost.kr", "/rss"),
    ("blockmedia-news", "Blockmedia", "https://www.blockmedia.co.kr", "/feed"),
    ("coindesk-japan-news", "CoinDesk Japan", "https://www.coindeskjapan.com", "/feed/"),
    ("cointelegraph-bitcoin-news", "Cointelegraph: Bitcoin", "https://cointelegraph.com",
     "/rss/tag/bitcoin"),
    ("cryptonomist-news", "The Cryptonomist", "https://en.cryptonomist.ch", "/feed/"),
    ("cryptodaily-news", "CryptoDaily", "https://cryptodaily.co.uk", "/feed"),
    ("coincentral-news", "CoinCentral", "https://coincentral.com", "/feed/"),
    ("99bitcoins-news", "99Bitcoins", "https://99bitcoins.com", "/feed/"),
    ("bitcoinblog-de-news", "BitcoinBlog.de", "https://bitcoinblog.de", "/feed/"),
    ("journal-du-coin-news", "Journal du Coin", "https://journalducoin.com", "/feed/"),
    ("cryptoast-news", "Cryptoast", "https://cryptoast.fr", "/feed/"),
    ("criptonoticias-news", "CriptoNoticias", "https://www.criptonoticias.com", "/feed/"),
    ("forklog-news", "ForkLog", "https://forklog.com", "/feed"),
    ("livecoins-news", "Livecoins", "https://livecoins.com.br", "/feed/"),
    ("portal-do-bitcoin-news", "Portal do Bitcoin", "https://portaldobitcoin.uol.com.br", "/feed/"),
    ("trustnodes-news", "Trustnodes", "https://www.trustnodes.com", "/feed"),
    ("techcrunch-crypto-news", "TechCrunch: Crypto", "https://techcrunch.com",
     "/category/cryptocurrency/feed/"),
    ("web3-is-going-great-news", "Web3 Is Going Great", "https://www.web3isgoinggreat.com",
     "/feed.xml"),
    ("rekt-news", "rekt", "https://rekt.news", "/rss/feed.xml"),
)  # fmt: skip

BLOGS = (
    ("bitcoin-core-blog", "Bitcoin Core", "https://bitcoincore.org", "/en/rss.xml"),
    ("bitcoin-optech-blog", "Bitcoin Optech", "https://bitcoinops.org", "/feed.xml"),
    ("chainlink-blog", "Chainlink Blog", "https://blog.chain.link", "/feed/"),
    ("vitalik-blog", "Vitalik Buterin", "https://vitalik.eth.limo", "/feed.xml"),
    ("monero-blog", "Monero", "https://www.getmonero.org", "/feed.xml"),
    ("blockstream-blog", "Blockstream Blog", "https://blog.blockstream.com", "/rss/"),
    ("lopp-blog", "Cypherpunk Cogitations", "https://blog.lopp.net", "/rss/"),
    ("bitmex-blog", "BitMEX Blog", "https://blog.bitmex.com", "/feed/"),
    ("bitfinex-blog", "Bitfinex Blog", "https://blog.bitfinex.com", "/feed/"),
    ("avalanche-blog", "Avalanche", "https://medium.com", "/feed/avalancheavax"),
    ("polkadot-blog", "Polkadot Network", "https://medium.com", "/feed/polkadot-network"),
    ("near-blog", "NEAR Protocol", "https://medium.com", "/feed/nearprotocol"),
    ("aptos-blog", "Aptos Labs", "https://medium.com", "/feed/aptoslabs"),
    ("starkware-blog", "StarkWare", "https://medium.com", "/feed/starkware"),
    ("vechain-blog", "VeChain", "https://medium.com", "/feed/@vechainofficial"),
    ("coinbase-blog", "The Coinbase Blog", "https://medium.com", "/feed/the-coinbase-blog"),
)

RESEARCH = (
    ("glassnode-research", "Glassnode Insights", "https://insights.glassnode.com", "/rss/"),
    ("chainalysis-research", "Chainalysis", "https://www.chainalysis.com", "/blog/feed/"),
    ("coinmetrics-research", "State of the Network", "https://coinmetrics.substack.com", "/feed"),
    ("messari-research", "Messari", "https://messari.io", "/rss"),
    ("bankless-research", "Bankless", "https://www.bankless.com", "/rss/feed"),
    ("coin-center-research", "Coin Center", "https://www.coincenter.org", "/feed/"),
)

NOTICES = (
    ("sec-notices", "SEC", "https://www.sec.gov", "/news/pressreleases.rss"),
    ("cftc-notices", "CFTC", "https://www.cftc.gov", "/RSS/RSSGP/rssgp.xml"),
    ("federal-reserve-notices", "Federal Reserve", "https://www.federalreserve.gov",
     "/feeds/press_all.xml"),
    ("ecb-notices", "European Central Bank", "https://www.ecb.europa.eu", "/rss/press.html"),
    ("bank-of-england-notices", "Bank of England", "https://www.bankofengland.co.uk", "/rss/news"),
    ("fca-notices", "FCA", "https://www.fca.org.uk", "/news/rss.xml"),
    ("esma-notices", "ESMA", "https://www.esma.europa.eu", "/rss.xml"),
    ("bis-notices", "BIS", "https://www.bis.org", "/doclist/all_pressrels.rss"),
)  # fmt: skip

# Hosts of one service, which answers for all of them at /history.rss.
STATUS = (
    ("gemini", "Gemini", "status.gemini.com"),
    ("bitstamp", "Bitstamp", "status.bitstamp.net"),
    ("bitmex", "BitMEX", "status.bitmex.com"),
    ("bitfinex", "Bitfinex", "bitfinex.statuspage.io"),
    ("deribit", "Deribit", "status.deribit.com"),
    ("bitso", "Bitso", "status.bitso.com"),
    ("luno", "Luno", "status.luno.com"),
    ("bitvavo", "Bitvavo", "status.bitvavo.com"),
    ("coinjar", "CoinJar", "status.coinjar.com"),
    ("crypto-com", "Crypto.com", "status.crypto.com"),
    ("solana", "Solana", "status.solana.com"),
    ("polygon", "Polygon", "status.polygon.technology"),
    ("arbitrum", "Arbitrum", "status.arbitrum.io"),
    ("base", "Base", "status.base.org"),
    ("hedera", "Hedera", "status.hedera.com"),
    ("alchemy", "Alchemy", "status.alchemy.com"),
    ("infura", "Infura", "status.infura.io"),
    ("fireblocks", "Fireblocks", "status.fireblocks.com"),
    ("bitgo", "BitGo", "status.bitgo.com"),
    ("circle", "Circle", "status.circle.com"),
    ("ledger", "Ledger", "status.ledger.com"),
    ("moonpay", "MoonPay", "status.moonpay.com"),
    ("opensea", "OpenSea", "status.opensea.io"),
    ("coingecko", "CoinGecko", "status.coingecko.com"),
)

# What nodes, wallets and validators run: a release is often an upgrade with a date.
RELEASES = (
    ("bitcoin", "Bitcoin Core", "bitcoin/bitcoin"),
    ("lnd", "LND", "lightningnetwork/lnd"),
    ("core-lightning", "Core Lightning", "ElementsProject/lightning"),
    ("geth", "Geth", "ethereum/go-ethereum"),
    ("nethermind", "Nethermind", "NethermindEth/nethermind"),
    ("erigon", "Erigon", "erigontech/erigon"),
    ("besu", "Besu", "hyperledger/besu"),
    ("reth", "Reth", "paradigmxyz/reth"),
    ("lighthouse", "Lighthouse", "sigp/lighthouse"),
    ("prysm", "Prysm", "OffchainLabs/prysm"),
    ("teku", "Teku", "Consensys/teku"),
    ("nimbus", "Nimbus", "status-im/nimbus-eth2"),
    ("lodestar", "Lodestar", "ChainSafe/lodestar"),
    ("optimism", "Optimism", "ethereum-optimism/optimism"),
    ("nitro", "Arbitrum Nitro", "OffchainLabs/nitro"),
    ("bor", "Polygon Bor", "0xPolygon/bor"),
    ("bsc", "BNB Smart Chain", "bnb-chain/bsc"),
    ("solana", "Solana", "solana-labs/solana"),
    ("agave", "Agave", "anza-xyz/agave"),
    ("firedancer", "Firedancer", "firedancer-io/firedancer"),
    ("cardano-node", "Cardano Node", "IntersectMBO/cardano-node"),
    ("polkadot-sdk", "Polkadot SDK", "paritytech/polkadot-sdk"),
    ("avalanchego", "AvalancheGo", "ava-labs/avalanchego"),
    ("rippled", "rippled", "XRPLF/rippled"),
    ("java-tron", "java-tron", "tronprotocol/java-tron"),
    ("stellar-core", "Stellar Core", "stellar/stellar-core"),
    ("dogecoin", "Dogecoin Core", "dogecoin/dogecoin"),
    ("litecoin", "Litecoin Core", "litecoin-project/litecoin"),
    ("dash", "Dash Core", "dashpay/dash"),
    ("zcash", "Zcash", "zcash/zcash"),
    ("zebra", "Zebra", "ZcashFoundation/zebra"),
    ("monero", "Monero", "monero-project/monero"),
    ("core-geth", "Core-Geth", "etclabscore/core-geth"),
    ("chainlink", "Chainlink Node", "smartcontractkit/chainlink"),
    ("sui", "Sui", "MystenLabs/sui"),
    ("aptos", "Aptos Core", "aptos-labs/aptos-core"),
    ("near", "nearcore", "near/nearcore"),
    ("cosmos-sdk", "Cosmos SDK", "cosmos/cosmos-sdk"),
    ("gaia", "Gaia", "cosmos/gaia"),
    ("cometbft", "CometBFT", "cometbft/cometbft"),
    ("celestia", "Celestia", "celestiaorg/celestia-app"),
    ("algorand", "go-algorand", "algorand/go-algorand"),
    ("lotus", "Filecoin Lotus", "filecoin-project/lotus"),
    ("icp", "Internet Computer", "dfinity/ic"),
    ("ton", "TON", "ton-blockchain/ton"),
    ("vechain-thor", "VeChain Thor", "vechain/thor"),
    ("decred", "Decred", "decred/dcrd"),
    ("trezor-suite", "Trezor Suite", "trezor/trezor-suite"),
    ("sparrow", "Sparrow Wallet", "sparrowwallet/sparrow"),
    ("metamask", "MetaMask", "MetaMask/metamask-extension"),
)

# Forums of one make, which lists what is new at /latest.rss.
FORUMS = (
    ("ethresearch", "Ethereum Research", "ethresear.ch"),
    ("ethereum-magicians", "Ethereum Magicians", "ethereum-magicians.org"),
    ("delving-bitcoin", "Delving Bitcoin", "delvingbitcoin.org"),
    ("uniswap", "Uniswap Governance", "gov.uniswap.org"),
    ("aave", "Aave Governance", "governance.aave.com"),
    ("sky", "Sky Forum", "forum.sky.money"),
    ("lido", "Lido Governance", "research.lido.fi"),
    ("compound", "Compound", "www.comp.xyz"),
    ("curve", "Curve Governance", "gov.curve.finance"),
    ("ens", "ENS DAO", "discuss.ens.domains"),
    ("arbitrum", "Arbitrum Forum", "forum.arbitrum.foundation"),
    ("optimism", "Optimism Governance", "gov.optimism.io"),
    ("starknet", "Starknet Community", "community.starknet.io"),
    ("polkadot", "Polkadot Forum", "forum.polkadot.network"),
    ("cardano", "Cardano Forum", "forum.cardano.org"),
    ("solana", "Solana Forum", "forum.solana.com"),
    ("zcash", "Zcash Forum", "forum.zcashcommunity.com"),
    ("celestia", "Celestia Forum", "forum.celestia.org"),
)
SUBREDDITS = (
    "CryptoCurrency",
    "Bitcoin",
    "BitcoinMarkets",
    "CryptoMarkets",
    "ethereum",
    "ethtrader",
    "solana",
    "cardano",
    "defi",
    "Monero",
)


def _feed(slug: str, name: str, origin: str, path: str, *, is_default: bool = False) -> Row:
    return Row(
        slug=slug,
        name=name,
        kind="news",
        adapter=Rss(slug, path),
        origin=origin,
        budget=2,
        every=900,
        is_default=is_default,
    )


ROWS: tuple[Row, ...] = (
    Row(
        slug="cryptopanic",
        name="CryptoPanic",
        kind="news",
        adapter=CryptoPanic(),
        origin="https://cryptopanic.com",
        # A free key is good for some hundred answers a month.
        budget=1,
        every=28800,
        needs_key="required",
    ),
    *(_feed(*feed, is_default=True) for feed in DEFAULT_FEEDS),
    *(_feed(*feed) for feed in chain(NEWS, BLOGS, RESEARCH, NOTICES)),
    *(
        _feed(f"{slug}-status", f"{name} Status", f"https://{host}", "/history.rss")
        for slug, name, host in STATUS
    ),
    *(
        _feed(f"{slug}-releases", f"{name} releases", "https://github.com", f"/{at}/releases.atom")
        for slug, name, at in RELEASES
    ),
    *(
        _feed(f"{slug}-forum", name, f"https://{host}", "/latest.rss")
        for slug, name, host in FORUMS
    ),
    *(
        _feed(f"r-{one.lower()}-forum", f"r/{one}", "https://www.reddit.com", f"/r/{one}/.rss")
        for one in SUBREDDITS
    ),
)
