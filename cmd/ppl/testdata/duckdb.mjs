// Answers queries with DuckDB, of the folder that DUCKDB names, where `npm install @duckdb/node-api` has been run:
//
//     DUCKDB=folder node duckdb.mjs 'SELECT ...' ...
//
// Each answer is a line of JSON: the rows, as arrays.
import { createRequire } from 'node:module'
const require = createRequire(process.env.DUCKDB + '/')
const { DuckDBInstance } = require('@duckdb/node-api')
const connection = await (await DuckDBInstance.create()).connect()
for (const query of process.argv.slice(2)) {
  const reader = await connection.runAndReadAll(query)
  console.log(JSON.stringify(reader.getRows(), (_, v) => (typeof v === 'bigint' ? Number(v) : v)))
}
