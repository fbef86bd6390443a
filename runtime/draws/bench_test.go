package draws_test

import (
	"io"
	"strconv"
	"testing"

	"ppl/runtime/draws"
)

// BenchmarkWrite is 4,000 draws of 1,000 quantities: 32 MB of numbers.
func BenchmarkWrite(b *testing.B) {
	const n, columns = 4000, 1000
	x := make([]float64, n)
	for i := range x {
		x[i] = 1 / float64(i+3)
	}
	table := &draws.Table{Draws: n, Chains: 4}
	for i := range columns {
		id := "x." + strconv.Itoa(i+1)
		table.Columns = append(table.Columns, draws.Column{Name: id, Label: id, Values: draws.Slice(x)})
	}
	for name, write := range map[string]func(io.Writer) error{"CSV": table.WriteCSV, "Parquet": table.WriteParquet, "Long": table.WriteParquetLong} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(8 * n * columns)
			for b.Loop() {
				if err := write(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
