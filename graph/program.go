package graph

// Program evaluates outputs of a graph from its inputs. Engines (graph/tape,
// graph/plan) compile one; a Program is immutable and shared.
type Program interface {
	// Inputs and Outputs are the nodes, in the order in which States index them.
	Inputs() []*Node
	Outputs() []*Node
	// NewState makes the working memory of one goroutine.
	NewState() (State, error)
}

// State is one goroutine's working memory for a Program.
type State interface {
	// Input returns the buffer of input i, to be filled before Run; ask for it
	// anew each time that the input changes.
	Input(i int) []float64
	// Run evaluates all outputs. It fails only by a fault of ours: values that
	// are not finite are results, not errors.
	Run() error
	// Output returns the value of output i; it is valid until the next Run.
	Output(i int) []float64
}

// Needed marks, by ID, the nodes on which the outputs depend, themselves included.
func Needed(outputs []*Node) map[int]bool {
	seen := map[int]bool{}
	stack := append([]*Node(nil), outputs...)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !seen[n.ID] {
			seen[n.ID] = true
			stack = append(stack, n.In...)
		}
	}
	return seen
}
