package sufficient

import (
	"math"

	"ppl/graph/kernel/vec"
)

// tileRows is the number of rows that are reduced together: a tile of up to
// some fifty columns stays in the caches.
const tileRows = 128

// tile is a block of up to tileRows rows, column by column.
type tile struct {
	width int
	rows  int
	x     []float64
}

func newTile(width int) *tile { return &tile{width: width, x: make([]float64, width*tileRows)} }

// column is column j of the rows that are there.
func (t *tile) column(j int) []float64 { return t.x[j*tileRows : j*tileRows+t.rows] }

// factor holds the first q rows, of width numbers each, of the upper triangular
// factor of the rows seen so far.
type factor struct {
	q, width int
	r        []float64
}

func newFactor(q, width int) *factor { return &factor{q, width, make([]float64, q*width)} }

// eliminate updates the factor by the rows of a tile, with Householder
// reflections of each of the first q columns, stacked under the factor's
// diagonal element (Golub & Van Loan, Matrix Computations, 4th ed., 5.1 and
// 6.5). What is left in the other columns of the tile is what remains of its
// rows when the first q columns are accounted for.
func (f *factor) eliminate(t *tile) {
	for j := 0; j < f.q; j++ {
		v := t.column(j)
		below := vec.Dot(v, v)
		if below == 0 {
			continue
		}
		row := f.r[j*f.width : (j+1)*f.width]
		diagonal := row[j]
		norm := math.Sqrt(diagonal*diagonal + below)
		// The reflection I − (1/c) (head, v)(head, v)ᵀ takes (diagonal, v) to ∓norm.
		head := diagonal + math.Copysign(norm, diagonal)
		c := norm * math.Abs(head)
		row[j] = math.Copysign(norm, -diagonal)
		for k := j + 1; k < f.width; k++ {
			y := t.column(k)
			s := (head*row[k] + vec.Dot(v, y)) / c
			row[k] -= s * head
			vec.Ternary(vec.FNMA, y, vec.Operand{Data: v, Mode: vec.Full}, vec.Operand{Data: []float64{s}, Mode: vec.Scalar}, vec.Operand{Data: y, Mode: vec.Full}, t.rows, 1)
		}
	}
}
