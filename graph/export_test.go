package graph

// Hashcode is what Gorgonia tells the node from others by.
func Hashcode(n *Node) uint32 { return n.gn.Hashcode() }
