// Makes the Parquet files of the tests with DuckDB, and with the Rust implementation (parquet-wasm):
//
//     cd FOLDER && npm install @duckdb/node-api parquet-wasm apache-arrow
//     NODE=FOLDER node make.mjs
import { createRequire } from 'node:module'
import { writeFileSync } from 'node:fs'
const require = createRequire(process.env.NODE + '/')
const { DuckDBInstance } = require('@duckdb/node-api')
const arrow = require('apache-arrow')
const wasm = require('parquet-wasm/node')
const db = await (await DuckDBInstance.create()).connect()
const types = `
  select i::tinyint as i8, i::smallint as i16, i::integer as i32, i::bigint as i64,
    i::utinyint as u8, i::usmallint as u16, i::uinteger as u32, i::ubigint as u64,
    (i / 4)::float as f32, (i / 4)::double as f64, i % 2 = 0 as b,
    case when i % 3 = 1 then null else i / 8 end as missing,
    case when i % 4 = 2 then null else 'label ' || (i % 5) end as s,
    (i / 8)::decimal(4, 2) as d4, (i / 8)::decimal(9, 3) as d9, (i / 8)::decimal(18, 5) as d18, (i / 8)::decimal(38, 10) as d38, i::hugeint as huge,
    date '2026-11-30' + i::integer as day, timestamp '2026-11-30 12:30:00.5' + interval (i) second as ts, timestamptz '2026-11-30 12:30:00+00' + interval (i) day as tz,
    time '12:30:00' + interval (i) minute as clock, ('0000000' || i % 10 || '-0000-0000-0000-000000000000')::uuid as id,
    9007199254740993 + i as big, (['x', 'y', 'z'])[i % 3 + 1]::enum('x', 'y', 'z') as e, '{"a": 1}'::json as js,
    [i, i + 1, i + 2]::double[] as row3, [[i, 1], [2, 3], [4, i]]::integer[][] as row32, [i, null, 2]::double[] as holes,
    {a: i, b: 2} as st, map {'k': i} as m, interval (i) day as iv, 'raw'::blob as blob, '\\xFF'::blob as bytes
  from range(7) t(i)`
for (const codec of ['uncompressed', 'snappy', 'gzip', 'zstd', 'brotli', 'lz4_raw']) {
  await db.run(`copy (${types}) to 'duckdb_${codec}.parquet' (format parquet, codec ${codec})`)
}
await db.run(`copy (select i as x, 'c' || (i % 7) as c, [i, i * 2] as v from range(5000) t(i)) to 'duckdb_groups.parquet' (format parquet, row_group_size 2048, parquet_version v2)`)
await db.run(`copy (select 1.5 as x where false) to 'duckdb_empty.parquet' (format parquet)`)
await db.run(`copy (select * from (values (1, [1, 2]), (2, [3]), (3, [])) t(i, v)) to 'duckdb_ragged.parquet' (format parquet)`)
await db.run(`copy (select * from (values (1, [1, 2]), (2, null)) t(i, v)) to 'duckdb_nolist.parquet' (format parquet)`)

// Small pages of both versions, with and without dictionaries, in several row groups.
const n = 1000
const table = arrow.tableFromArrays({
  x: Float64Array.from({ length: n }, (_, i) => i / 8),
  k: Int32Array.from({ length: n }, (_, i) => i % 10),
  c: Array.from({ length: n }, (_, i) => 'c' + (i % 7)),
})
const lists = new arrow.Table({
  v: arrow.vectorFromArray(Array.from({ length: n }, (_, i) => [i, i + 0.5, -i]), new arrow.List(new arrow.Field('item', new arrow.Float64(), true))),
})
for (const [name, t] of [['flat', table], ['lists', lists]]) {
  for (const version of [1, 2]) {
    const p = new wasm.WriterPropertiesBuilder()
      .setWriterVersion(version === 1 ? wasm.WriterVersion.V1 : wasm.WriterVersion.V2)
      .setCompression(version === 1 ? wasm.Compression.SNAPPY : wasm.Compression.ZSTD)
      .setDictionaryEnabled(version === 1)
      .setMaxRowGroupSize(400)
      .setDataPageSizeLimit(256)
      .setWriteBatchSize(16)
      .build()
    writeFileSync(`rust_${name}_v${version}.parquet`, wasm.writeParquet(wasm.Table.fromIPCStream(arrow.tableToIPC(t, 'stream')), p))
  }
}
