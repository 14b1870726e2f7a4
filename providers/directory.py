"""Home pages of crypto news sites of which no feed is in the rows: discovery looks there."""

from typing import NamedTuple


class Site(NamedTuple):
    name: str
    home: str


SITES: tuple[Site, ...] = (
    Site("ABMedia", "https://abmedia.io/"),
    Site("Bitcoin Insider", "https://www.bitcoininsider.org/"),
    Site("Bitcoin World", "https://bitcoinworld.co.in/"),
    Site("BitPinas", "https://bitpinas.com/"),
    Site("Blockchain News", "https://blockchain.news/"),
    Site("Blockonomi", "https://blockonomi.com/"),
    Site("BlockTempo", "https://www.blocktempo.com/"),
    Site("Blocktrainer", "https://www.blocktrainer.de/"),
    Site("Coin Bureau", "https://coinbureau.com/"),
    Site("CoinCodex", "https://coincodex.com/"),
    Site("Coin Edition", "https://coinedition.com/"),
    Site("Coinpaper", "https://coinpaper.com/"),
    Site("Cointribune", "https://www.cointribune.com/"),
    Site("Criptofácil", "https://www.criptofacil.com/"),
    Site("CriptoTendencia", "https://criptotendencia.com/"),
    Site("CryptoGlobe", "https://www.cryptoglobe.com/"),
    Site("CryptoMonday", "https://cryptomonday.de/"),
    Site("CryptoNinjas", "https://www.cryptoninjas.net/"),
    Site("Crypto Reporter", "https://www.crypto-reporter.com/"),
    Site("Inside Bitcoins", "https://insidebitcoins.com/"),
    Site("Ledger Insights", "https://www.ledgerinsights.com/"),
    Site("Live Bitcoin News", "https://www.livebitcoinnews.com/"),
    Site("No BS Bitcoin", "https://www.nobsbitcoin.com/"),
    Site("NullTX", "https://nulltx.com/"),
    Site("Odaily", "https://www.odaily.news/"),
    Site("PANews", "https://www.panewslab.com/"),
    Site("Stacker News", "https://stacker.news/"),
    Site("The Coin Republic", "https://www.thecoinrepublic.com/"),
    Site("The Crypto Times", "https://www.cryptotimes.io/"),
    Site("The Merkle News", "https://themerkle.com/"),
)
