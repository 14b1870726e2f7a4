"""The market room in full: names, candles with their gaps and corrections, totals, DeFi, rates."""

import cryptodt.common.money
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F

# A row is found by its key alone, so the key is the table. Months are partitions on PostgreSQL:
# `market.services.partitions` makes them before they are needed.
CANDLES = {
    "sqlite": """
        CREATE TABLE market_candle (
            series_id integer NOT NULL, opened_at integer NOT NULL,
            open text NOT NULL, high text NOT NULL, low text NOT NULL, close text NOT NULL,
            volume text NOT NULL, state integer NOT NULL, revision integer NOT NULL,
            source_id integer NOT NULL, seen_at integer NOT NULL,
            PRIMARY KEY (series_id, opened_at)
        ) WITHOUT ROWID""",
    "postgresql": """
        CREATE TABLE market_candle (
            series_id bigint NOT NULL, opened_at bigint NOT NULL,
            open numeric NOT NULL, high numeric NOT NULL, low numeric NOT NULL,
            close numeric NOT NULL, volume numeric NOT NULL, state smallint NOT NULL,
            revision smallint NOT NULL, source_id smallint NOT NULL, seen_at bigint NOT NULL,
            PRIMARY KEY (series_id, opened_at)
        ) PARTITION BY RANGE (opened_at)""",
}
POINTS = {
    "sqlite": """
        CREATE TABLE market_pricepoint (
            asset_id integer NOT NULL, at integer NOT NULL, price text NOT NULL,
            observed_ms integer NOT NULL, PRIMARY KEY (asset_id, at)
        ) WITHOUT ROWID""",
    "postgresql": """
        CREATE TABLE market_pricepoint (
            asset_id bigint NOT NULL, at bigint NOT NULL, price numeric NOT NULL,
            observed_ms bigint NOT NULL, PRIMARY KEY (asset_id, at)
        )""",
}
# When a moment was, in whole milliseconds.
MILLISECONDS = {
    "sqlite": "CAST(ROUND((julianday(observed_at) - 2440587.5) * 86400000) AS integer)",
    "postgresql": "(EXTRACT(EPOCH FROM observed_at) * 1000)::bigint",
}
BUCKET = {
    "sqlite": "CAST(strftime('%%s', bucket_at) AS integer)",
    "postgresql": "EXTRACT(EPOCH FROM bucket_at)::bigint",
}


def create_candles(apps, schema_editor):
    schema_editor.execute(CANDLES[schema_editor.connection.vendor])


def drop_candles(apps, schema_editor):
    schema_editor.execute("DROP TABLE market_candle")


def recreate_points(apps, schema_editor):
    """Keep the points of five minutes that an earlier version recorded."""
    vendor = schema_editor.connection.vendor
    schema_editor.execute("ALTER TABLE market_pricepoint RENAME TO market_oldpoint")
    schema_editor.execute(POINTS[vendor])
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO market_pricepoint (asset_id, at, price, observed_ms)"
            f" SELECT asset_id, {BUCKET[vendor]}, price, {MILLISECONDS[vendor]}"
            " FROM market_oldpoint".replace("%%", "%")
        )
    schema_editor.execute("DROP TABLE market_oldpoint")


def name_tickers(apps, schema_editor):
    apps.get_model("market", "Asset").objects.update(ticker=F("symbol"))


class Migration(migrations.Migration):

    dependencies = [
        ('market', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='asset',
            name='ticker',
            field=models.CharField(db_index=True, default='', max_length=20),
            preserve_default=False,
        ),
        migrations.RunPython(name_tickers, migrations.RunPython.noop),
        migrations.CreateModel(
            name='Alias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.CharField(max_length=64, unique=True)),
                ('since', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'aliases',
            },
        ),
        migrations.CreateModel(
            name='DefiProtocol',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(max_length=100, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('symbol', models.CharField(max_length=64)),
                ('chain', models.CharField(max_length=100)),
                ('chains', models.JSONField(default=list)),
                ('category', models.CharField(max_length=100)),
                ('tvl', cryptodt.common.money.ExactDecimalField()),
                ('change_1d', cryptodt.common.money.ExactDecimalField(null=True)),
                ('change_7d', cryptodt.common.money.ExactDecimalField(null=True)),
                ('market_cap', cryptodt.common.money.ExactDecimalField(null=True)),
                ('position', models.PositiveIntegerField(db_index=True)),
                ('source', models.CharField(max_length=64)),
                ('observed_at', models.DateTimeField()),
            ],
            options={
                'ordering': ('position',),
            },
        ),
        migrations.CreateModel(
            name='Gap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.BigIntegerField()),
                ('end', models.BigIntegerField()),
                ('reason', models.CharField(choices=[('not collected', 'Not Collected'), ('upstream outage', 'Upstream Outage'), ('upstream empty', 'Upstream Empty'), ('before listing', 'Before Listing')], max_length=20)),
                ('found_at', models.DateTimeField()),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('said', models.JSONField(default=dict)),
                ('repaired_at', models.DateTimeField(null=True)),
                ('repaired_by', models.CharField(default='', max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='GlobalSnapshot',
            fields=[
                ('at', models.DateTimeField(primary_key=True, serialize=False)),
                ('total_market_cap', cryptodt.common.money.ExactDecimalField()),
                ('total_volume_24h', cryptodt.common.money.ExactDecimalField(null=True)),
                ('btc_dominance', cryptodt.common.money.ExactDecimalField(null=True)),
                ('eth_dominance', cryptodt.common.money.ExactDecimalField(null=True)),
                ('market_cap_change_24h', cryptodt.common.money.ExactDecimalField(null=True)),
                ('active_assets', models.PositiveIntegerField(null=True)),
                ('btc_price', cryptodt.common.money.ExactDecimalField(null=True)),
                ('eth_price', cryptodt.common.money.ExactDecimalField(null=True)),
                ('source', models.CharField(max_length=64)),
                ('observed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Rate',
            fields=[
                ('currency', models.CharField(max_length=10, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
                ('kind', models.CharField(max_length=10)),
                ('usd', cryptodt.common.money.ExactDecimalField()),
                ('source', models.CharField(max_length=64)),
                ('observed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Series',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=10)),
                ('interval', models.CharField(max_length=3)),
                ('asked_at', models.DateTimeField(null=True)),
                ('collected_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(default='', max_length=300)),
                ('begins_at', models.BigIntegerField(null=True)),
            ],
            options={
                'verbose_name_plural': 'series',
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.SmallAutoField(primary_key=True, serialize=False)),
                ('slug', models.CharField(max_length=64, unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Standing',
            fields=[
                ('asset', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='market.asset')),
                ('price', cryptodt.common.money.ExactDecimalField(null=True)),
                ('change_1h', cryptodt.common.money.ExactDecimalField(null=True)),
                ('change_24h', cryptodt.common.money.ExactDecimalField(null=True)),
                ('change_7d', cryptodt.common.money.ExactDecimalField(null=True)),
                ('volume_24h', cryptodt.common.money.ExactDecimalField(null=True)),
                ('market_cap', cryptodt.common.money.ExactDecimalField(null=True)),
                ('rank', models.PositiveIntegerField(db_index=True, null=True)),
                ('source', models.CharField(max_length=64)),
                ('observed_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='TrendingAsset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True)),
                ('position', models.PositiveSmallIntegerField()),
                ('symbol', models.CharField(max_length=64)),
                ('name', models.CharField(max_length=100)),
                ('upstream_id', models.CharField(max_length=100)),
                ('rank', models.PositiveIntegerField(null=True)),
                ('source', models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='TvlDay',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False)),
                ('tvl', cryptodt.common.money.ExactDecimalField()),
                ('source', models.CharField(max_length=64)),
                ('observed_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='asset',
            name='asked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='asset',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='price',
            name='confidence',
            field=cryptodt.common.money.ExactDecimalField(null=True),
        ),
        migrations.AddField(
            model_name='price',
            name='figures_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='price',
            name='figures_source',
            field=models.CharField(default='', max_length=64),
        ),
        migrations.AddField(
            model_name='price',
            name='receipts',
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name='asset',
            name='is_listed',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='asset',
            name='symbol',
            field=models.CharField(max_length=64, unique=True),
        ),
        migrations.AddField(
            model_name='alias',
            name='asset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='market.asset'),
        ),
        migrations.AddField(
            model_name='series',
            name='asset',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='series', to='market.asset'),
        ),
        migrations.AddField(
            model_name='gap',
            name='series',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gaps', to='market.series'),
        ),
        migrations.AddField(
            model_name='trendingasset',
            name='asset',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='market.asset'),
        ),
        migrations.AddConstraint(
            model_name='series',
            constraint=models.UniqueConstraint(fields=('asset', 'currency', 'interval'), name='one_series_per_pair_and_interval'),
        ),
        migrations.AddIndex(
            model_name='gap',
            index=models.Index(condition=models.Q(('repaired_at', None)), fields=['next_try_at'], name='gaps_to_repair'),
        ),
        migrations.AddConstraint(
            model_name='gap',
            constraint=models.UniqueConstraint(fields=('series', 'start', 'end'), name='one_gap_per_place'),
        ),
        migrations.AddConstraint(
            model_name='trendingasset',
            constraint=models.UniqueConstraint(fields=('at', 'position'), name='one_asset_per_place'),
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opened_at', models.BigIntegerField()),
                ('revision', models.SmallIntegerField()),
                ('open', cryptodt.common.money.ExactDecimalField()),
                ('high', cryptodt.common.money.ExactDecimalField()),
                ('low', cryptodt.common.money.ExactDecimalField()),
                ('close', cryptodt.common.money.ExactDecimalField()),
                ('volume', cryptodt.common.money.ExactDecimalField()),
                ('replaced_at', models.BigIntegerField()),
                ('series', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='market.series')),
                ('source', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='market.source')),
            ],
            options={
                'indexes': [models.Index(fields=['series', 'opened_at'], name='corrections_of_series')],
            },
        ),
        # Their tables are laid out for each engine, which Django's own operations cannot.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunPython(create_candles, drop_candles),
                migrations.RunPython(recreate_points, migrations.RunPython.noop),
            ],
            state_operations=[
                migrations.CreateModel(
                    name='Candle',
                    fields=[
                        ('pk', models.CompositePrimaryKey('series_id', 'opened_at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('opened_at', models.BigIntegerField()),
                        ('open', cryptodt.common.money.ExactDecimalField()),
                        ('high', cryptodt.common.money.ExactDecimalField()),
                        ('low', cryptodt.common.money.ExactDecimalField()),
                        ('close', cryptodt.common.money.ExactDecimalField()),
                        ('volume', cryptodt.common.money.ExactDecimalField()),
                        ('state', models.SmallIntegerField(choices=[(0, 'Open'), (1, 'Closed'), (2, 'Corrected')])),
                        ('revision', models.SmallIntegerField(default=0)),
                        ('seen_at', models.BigIntegerField()),
                        ('series', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='market.series')),
                        ('source', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, to='market.source')),
                    ],
                ),
                migrations.DeleteModel(name='PricePoint'),
                migrations.CreateModel(
                    name='PricePoint',
                    fields=[
                        ('pk', models.CompositePrimaryKey('asset_id', 'at', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('at', models.BigIntegerField()),
                        ('price', cryptodt.common.money.ExactDecimalField()),
                        ('observed_ms', models.BigIntegerField()),
                        ('asset', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, to='market.asset')),
                    ],
                ),
            ],
        ),
    ]
