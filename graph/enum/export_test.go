package enum

// ByElements eliminates by the graph of all elements alone.
func ByElements(p Problem) (*Result, error) { return afresh(p, &TooLarge{}) }

// Rules says which of the rules that split or take elements apart the steps came from.
func (r *Result) Rules() map[string]int {
	out := map[string]int{}
	for _, st := range r.Steps {
		for _, s := range st.Sites {
			switch {
			case st.along >= 0 && s.origin != nil:
				out["chain of parts"]++
			case st.along >= 0:
				out["chain"]++
			case st.elements:
				out["elements"]++
			case s.origin != nil:
				out["parts"]++
			default:
				out["plates"]++
			}
		}
	}
	return out
}
