package plan

import "ppl/graph"

// SmallChunks makes everything run in chunks, until the returned function is called.
func SmallChunks() (restore func()) {
	work, cost := chunkWork, privateCost
	chunkWork, privateCost = 1, 0
	return func() { chunkWork, privateCost = work, cost }
}

// SmallBlocks makes products and moves run in blocks, until the returned function is called.
func SmallBlocks() (restore func()) {
	block, least, move := blockWork, leastMove, moveWork
	blockWork, leastMove, moveWork = 1<<9, 1, 16
	return func() { blockWork, leastMove, moveWork = block, least, move }
}

// SmallNetworks makes graphs with any product those of networks, and shares out all that they do, until the returned
// function is called.
func SmallNetworks() (restore func()) {
	work, product := networkWork, networkProduct
	networkWork, networkProduct = 1<<8, 1
	return func() { networkWork, networkProduct = work, product }
}

// Unbatched lists the ops that the program runs through their own Eval.
func Unbatched(p graph.Program) []string {
	pr, ok := p.(*rowProgram)
	if !ok {
		return []string{"everything"}
	}
	s, err := pr.NewState()
	if err != nil {
		panic(err)
	}
	var out []string
	for _, st := range s.(*rowState).steps {
		if g, ok := st.(*boundGeneric); ok && g.promote == nil {
			out = append(out, g.n.Op.Key())
		}
	}
	return out
}
