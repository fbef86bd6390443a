package saved

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"slices"
	"sort"

	"ppl/runtime/answer"
	"ppl/runtime/data"
)

// Version is that of what this package adds to the layout of package store, and the only one
// that is read.
const Version = 1

// Fit is all that a file holds.
type Fit struct {
	Answer *answer.Answer
	// States are the draws that are kept of each element of Answer.Discrete.
	States [][]int
	Names  Names
	// Data are the values of the data declarations; nil if they are not stored, and Absent says
	// which they are then.
	Data   map[string]*data.Array
	Absent *Absent
	// Checkpoint is what a run in batches goes on from, arrays of one dimension by name; nil if it is at its end.
	Checkpoint map[string][]float64
	// Program is the version of ppl that wrote the file.
	Program string
}

// Names are the dimensions of what a model declares.
type Names struct {
	// Dims are the dimensions of each symbol that has quantities or data, as the model writes them.
	Dims map[string][]string
	// Lengths are those of the dimensions that data bind, Levels the labels of factors by the
	// name of their dimension, and Factors the names of the levels of each factor.
	Lengths map[string]int
	Levels  map[string][]string
	Factors map[string]string
	// Observed are the data on the left of a `~`; Partial those data of which some elements are
	// missing, and so quantities.
	Observed, Partial []string
}

// Absent says which data are not stored, and why.
type Absent struct {
	Why    string
	Bytes  int
	SHA256 string
	Shapes map[string][]int
}

// Describe makes the Absent of data. The hash is of each array in the order of their names: its
// name, a zero byte, the length of its shape, the shape and the numbers, all of these as
// little-endian 64-bit integers and floats.
func Describe(why string, values map[string]*data.Array) *Absent {
	out := &Absent{Why: why, Bytes: Size(values), Shapes: map[string][]int{}}
	h := sha256.New()
	var buf []byte
	for _, name := range sortedKeys(values) {
		a := values[name]
		out.Shapes[name] = append([]int{}, a.Shape...)
		buf = append(append(buf[:0], name...), 0)
		buf = binary.LittleEndian.AppendUint64(buf, uint64(len(a.Shape)))
		for _, n := range a.Shape {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(n))
		}
		h.Write(buf)
		for part := range slices.Chunk(a.Data, 1<<12) {
			buf = buf[:0]
			for _, x := range part {
				buf = binary.LittleEndian.AppendUint64(buf, math.Float64bits(x))
			}
			h.Write(buf)
		}
	}
	out.SHA256 = hex.EncodeToString(h.Sum(nil))
	return out
}

// Size is the number of bytes that data take.
func Size(values map[string]*data.Array) int {
	n := 0
	for _, a := range values {
		n += 8 * len(a.Data)
	}
	return n
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
