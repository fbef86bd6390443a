package graph

import (
	"hash/maphash"
	"slices"
)

// A model that is fitted to new data is lowered anew, and what it becomes differs, mostly, in the numbers of constants alone.
// Skeletons tell whether that is so: then the program that was compiled for one is right for the other, with other constants.

// Skeleton is what outputs compute, but for the numbers of the constants that they depend on. It does not depend on the order in
// which these were made.
type Skeleton struct {
	// nodes are those that the outputs depend on: ops in the order in which they were made, others before the first op that
	// reads them.
	nodes   []*Node
	place   []int32 // among these, by ID; -1: none
	outputs []int32
	hash    uint64
	numbers int
}

var skeletons = maphash.MakeSeed()

// SkeletonOf is that of outputs of a graph, one at least.
func SkeletonOf(outputs []*Node) *Skeleton {
	g := outputs[0].g
	last := 0
	for _, n := range outputs {
		last = max(last, n.ID)
	}
	const needed = -2
	s := &Skeleton{place: make([]int32, last+1)}
	for i := range s.place {
		s.place[i] = -1
	}
	for _, n := range outputs {
		s.place[n.ID] = needed
	}
	count := 0
	for id := last; id >= 0; id-- {
		if s.place[id] != needed {
			continue
		}
		count++
		for _, x := range g.nodes[id].In {
			s.place[x.ID] = needed
		}
	}
	s.nodes = make([]*Node, 0, count)
	var h maphash.Hash
	h.SetSeed(skeletons)
	number := func(p int32) { h.WriteByte(byte(p)); h.WriteByte(byte(p >> 8)) }
	put := func(n *Node) {
		s.place[n.ID] = int32(len(s.nodes))
		s.nodes = append(s.nodes, n)
		s.numbers += len(n.Const)
		h.WriteByte(byte(len(n.Shape)))
	}
	for id, p := range s.place {
		n := g.nodes[id]
		if p == -1 || len(n.In) == 0 || n.IsConst() {
			continue
		}
		for _, x := range n.In {
			if s.place[x.ID] == needed {
				put(x)
			}
			number(s.place[x.ID])
		}
		put(n)
		h.WriteString(n.opKey())
	}
	for _, n := range outputs {
		if s.place[n.ID] == needed {
			put(n)
		}
		s.outputs = append(s.outputs, s.place[n.ID])
		number(s.place[n.ID])
	}
	s.hash = h.Sum64()
	return s
}

// Hash is equal of equal skeletons, in one process.
func (s *Skeleton) Hash() uint64 { return s.hash }

// Numbers counts those of the constants.
func (s *Skeleton) Numbers() int { return s.numbers }

// Equal reports whether both are the same node by node.
func (s *Skeleton) Equal(t *Skeleton) bool {
	if s.hash != t.hash || len(s.nodes) != len(t.nodes) || !slices.Equal(s.outputs, t.outputs) {
		return false
	}
	for i, n := range s.nodes {
		m := t.nodes[i]
		if n.foreign || m.foreign || n.opKey() != m.opKey() || n.IsConst() != m.IsConst() || n.Batch != m.Batch || n.Name != m.Name || len(n.In) != len(m.In) || !n.Shape.Equal(m.Shape) {
			return false
		}
		for k, x := range n.In {
			if s.place[x.ID] != t.place[m.In[k].ID] {
				return false
			}
		}
	}
	return true
}

// Node is the one in the place of a node of the equal skeleton of another graph, which has that ID there.
func (s *Skeleton) Node(of *Skeleton, id int) *Node { return s.nodes[of.place[id]] }

// Constants are those of the skeleton in the place of those of an equal one.
func (s *Skeleton) Constants(of *Skeleton) Constants {
	return func(id int) []float64 { return s.Node(of, id).Const }
}

// Constants are numbers in the place of those that a program was compiled with: of the constant with an ID.
type Constants func(id int) []float64

// Refitted is a Program that can be run with other constants.
type Refitted interface {
	Program
	// Suits reports whether the program is what would have been compiled for constants.
	Suits(c Constants) bool
	// NewStateOf is NewState with constants.
	NewStateOf(c Constants) (State, error)
}
