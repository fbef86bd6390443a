package diag

import "strings"

// maxSuggest bounds the length of names that are compared: nobody mistypes a
// name of a hundred letters, and the comparison is quadratic.
const maxSuggest = 64

// Suggest returns the candidate that name was probably meant to be, or "".
// It compares by Damerau-Levenshtein distance (optimal string alignment:
// insert, delete, replace, swap neighbours) and accepts about one slip for
// every three letters; letters that differ only in case cost next to nothing.
func Suggest(name string, candidates []string) string {
	limit := slips(len([]rune(name)))
	best, bestCost := "", 0
	for _, c := range candidates {
		if c == "" || c == name {
			continue
		}
		cost, ok := slipCost(name, c, limit)
		if ok && (best == "" || cost < bestCost || cost == bestCost && c < best) {
			best, bestCost = c, cost
		}
	}
	return best
}

// slips is the number of mistakes that a name of n letters may hold.
func slips(n int) int {
	switch {
	case n < 3:
		return 0
	case n < 6:
		return 1
	case n < 9:
		return 2
	}
	return 3
}

// slipCost orders candidates: twice the distance without regard to case, plus
// one where the case differs.
func slipCost(name, candidate string, limit int) (int, bool) {
	a, b := []rune(strings.ToLower(name)), []rune(strings.ToLower(candidate))
	if len(a) > maxSuggest || len(b) > maxSuggest || len(a)-len(b) > limit || len(b)-len(a) > limit {
		return 0, false
	}
	d := distance(a, b)
	if d > limit {
		return 0, false
	}
	cost := 2 * d
	if string(a) != name || string(b) != candidate {
		cost++
	}
	return cost, true
}

// distance is the optimal string alignment distance, with three rows.
func distance(a, b []rune) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
