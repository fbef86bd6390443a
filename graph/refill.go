package graph

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// A model is built anew for each batch of its data, which takes a fraction of a millisecond, and the program of the
// first one is run with the constants of the others: those that hang on the batch are refillable, and nothing is built otherwise for
// what they are. Structure tells whether that is so.

// Refillable is a constant array that may have other numbers in another graph of the same structure; data is
// kept. What is computed from it is refillable too. Constants of equal content are not shared.
func (g *Graph) Refillable(shape Shape, data []float64) *Node {
	if len(data) == 0 {
		return g.Constant(shape, data)
	}
	return g.add(&Node{Shape: shape, Const: data, refilled: true})
}

// ConstantOf is a constant of the shape of another, worked out from it: refillable if that is.
func (g *Graph) ConstantOf(n *Node, data []float64) *Node {
	if n.refilled {
		return g.Refillable(n.Shape, data)
	}
	return g.Constant(n.Shape, data)
}

// Refilled reports whether the node is a refillable constant.
func (n *Node) Refilled() bool { return n.refilled }

// Structure is a digest of what outputs compute, but for the numbers of the refillable constants that they
// depend on, which are listed in the order in which they were made.
func Structure(outputs []*Node) (digest [sha256.Size]byte, fill []*Node) {
	if len(outputs) == 0 {
		return digest, nil
	}
	needed := Needed(outputs)
	h := sha256.New()
	var word [8]byte
	number := func(x uint64) {
		binary.LittleEndian.PutUint64(word[:], x)
		h.Write(word[:])
	}
	text := func(s string) {
		number(uint64(len(s)))
		h.Write([]byte(s))
	}
	place := map[int]uint64{}
	for _, n := range outputs[0].g.nodes {
		if !needed[n.ID] {
			continue
		}
		place[n.ID] = uint64(len(place))
		number(uint64(len(n.Shape)))
		for _, d := range n.Shape {
			number(uint64(d))
		}
		switch {
		case n.refilled:
			text("refilled")
			fill = append(fill, n)
		case n.IsConst():
			text("constant")
			for _, x := range n.Const {
				number(math.Float64bits(x))
			}
		case n.Op == nil:
			text("input " + n.Name)
		default:
			text(n.Op.Key())
			for _, x := range n.In {
				number(place[x.ID])
			}
		}
	}
	for _, n := range outputs {
		number(place[n.ID])
	}
	h.Sum(digest[:0])
	return digest, fill
}
