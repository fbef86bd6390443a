package check_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Large models take a moment, not minutes: nothing is quadratic in the number
// of statements, and nothing exponential in the depth of an expression.
func TestLarge(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i+1)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"lets":      "data x : real\n" + many(5000, "let v%d = x + 1\n"),
		"latents":   many(5000, "v%d ~ Normal(0, 1)\n"),
		"plates":    "data N : int\n" + many(2000, "plate i in 1..N { v%d[i] ~ Normal(0, 1) }\n"),
		"pieces":    "h[1] ~ Normal(0, 1)\n" + many(1500, "let a[%[1]d] = %[1]d\n"),
		"unknown":   many(1000, "let v%d = unknown_name\n"),
		"sum":       "data x : int[N]\nlet y = x[1]" + strings.Repeat(" + x[1] * x[2]", 5000) + "\nlet z = zeros(y)\n",
		"nested":    "data x : int[N]\nlet y = " + strings.Repeat("x[", 400) + "1" + strings.Repeat("]", 400) + "\n",
		"ranges":    "data x : int[N]\nlet y = " + strings.Repeat("x[1..x[1]][", 100) + "1" + strings.Repeat("]", 100) + "\n",
		"observed":  "data y : real[N]\n" + many(1500, "y[%d] ~ Normal(0, 1)\n"),
		"recursion": "data N : int\nfor t in 1..N { let h[t] = " + strings.Repeat("h[", 200) + "t-1" + strings.Repeat("]", 200) + " }\n",
	} {
		start := time.Now()
		checkText(name, text)
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s took %v", name, d)
		} else {
			t.Logf("%s took %v", name, d)
		}
	}
}
