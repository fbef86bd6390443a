// Reads a Parquet file with hyparquet, in the folder HYPARQUET, and prints its columns,
// then its rows, as JSON, the numbers as the sixteen digits of their bits.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(process.env.HYPARQUET + '/x.js')
const { parquetReadObjects, parquetMetadata } = await import(pathToFileURL(require.resolve('hyparquet')))
const bytes = readFileSync(process.argv[2])
const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
console.log(JSON.stringify(parquetMetadata(file).schema.slice(1).map(s => s.name)))
const bits = v => { const d = new DataView(new ArrayBuffer(8)); d.setFloat64(0, v); return d.getBigUint64(0).toString(16).padStart(16, '0') }
for (const row of await parquetReadObjects({ file })) {
  console.log(JSON.stringify(Object.values(row).map(v => typeof v === 'number' ? bits(v) : v)))
}
