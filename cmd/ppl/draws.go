package main

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"ppl/runtime"
)

// drawsFiles are the formats of --output of `ppl fit`.
var drawsFiles = outputs{{".csv", "CSV"}}

// writeDraws writes the draws as CSV: a header of CmdStan's names, then a row
// for each joint draw.
func writeDraws(path string, post *runtime.Posterior) error {
	return writeFile(path, func(w *bufio.Writer) error { return drawsCSV(w, post.Quantities()) })
}

func drawsCSV(w io.Writer, quantities []runtime.Quantity) error {
	if len(quantities) == 0 {
		return nil
	}
	names := make([]string, len(quantities))
	for i := range quantities {
		names[i] = quantities[i].Column
	}
	if _, err := io.WriteString(w, strings.Join(names, ",")+"\n"); err != nil {
		return err
	}
	var row []byte
	draws := make([][]float64, len(quantities))
	for i := range quantities {
		draws[i] = quantities[i].Draws()
	}
	for d := range draws[0] {
		row = row[:0]
		for i := range draws {
			if i > 0 {
				row = append(row, ',')
			}
			row = strconv.AppendFloat(row, draws[i][d], 'g', -1, 64)
		}
		if _, err := w.Write(append(row, '\n')); err != nil {
			return err
		}
	}
	return nil
}
