package draws

import (
	"bufio"
	"io"
	"math"
	"strconv"
)

// csvBlock is how many numbers a writer of CSV holds, as long as that is a row.
const csvBlock = 1 << 18

// WriteCSV writes the quantities as plain CSV: a header of their names, then a row for
// each draw, all chains one after the other. Nothing else is in it, so that any reader
// of CSV takes it; a draw's chain is not.
func (t *Table) WriteCSV(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	writeHeader(b, t.Columns, false)
	if err := t.writeRows(b, t.Columns, 0, t.Draws, false); err != nil {
		return err
	}
	return b.Flush()
}

// WriteCommentedCSV is WriteCSV with what CmdStan's readers pass over: comments for people, and the labels of
// columns that are not their names. The chain of a draw stands before the rest, and what the sampler says of it.
func (t *Table) WriteCommentedCSV(w io.Writer) error {
	if err := t.check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	t.writeNotes(b, t.all())
	writeHeader(b, t.all(), t.Chains > 0)
	if err := t.writeRows(b, t.all(), 0, t.Draws, t.Chains > 0); err != nil {
		return err
	}
	return b.Flush()
}

// writeHeader leaves its error to the flush of b.
func writeHeader(b *bufio.Writer, columns []Column, withChain bool) {
	if withChain {
		b.WriteString("chain__")
	}
	for i, c := range columns {
		if i > 0 || withChain {
			b.WriteByte(',')
		}
		b.WriteString(c.Name)
	}
	b.WriteByte('\n')
}

// writeRows writes the draws from..to-1, with their chain before them if that is asked
// for.
func (t *Table) writeRows(b *bufio.Writer, columns []Column, from, to int, withChain bool) error {
	rows := max(1, min(csvBlock/max(1, len(columns)), to-from))
	block := make([]float64, rows*len(columns)) // by column
	var line []byte
	return blocks(from, to, rows, func(first, n int) error {
		for i, c := range columns {
			if err := c.read(block[i*rows:][:n], first); err != nil {
				return err
			}
		}
		for r := range n {
			line = line[:0]
			if withChain {
				chain, _ := t.place(first + r)
				line = strconv.AppendInt(line, int64(chain), 10)
			}
			for i := range columns {
				if len(line) > 0 {
					line = append(line, ',')
				}
				line = appendNumber(line, block[i*rows+r])
			}
			if _, err := b.Write(append(line, '\n')); err != nil {
				return err
			}
		}
		return nil
	})
}

// appendNumber is the shortest text that reads back as x. Infinity has no sign if it
// is positive: R's fread does not take one.
func appendNumber(line []byte, x float64) []byte {
	if math.IsInf(x, 1) {
		return append(line, "Inf"...)
	}
	return strconv.AppendFloat(line, x, 'g', -1, 64)
}
