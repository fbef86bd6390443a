package runtime_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"ppl/runtime"
)

// TestHastyReport: a report that there is no time for is of few draws, and says so.
func TestHastyReport(t *testing.T) {
	p := problem(t, "a ~ Normal(0, 1)\nlet v = [a * i for i in 1..2000]\n", nil)
	post, err := p.Fit(context.Background(), runtime.Options{Seed: 1, MaxTime: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	if q := post.Quantities(); len(q) != 2001 || len(q[2000].Draws()) != 256 || !post.Figures().TimedOut || post.Verdict() != runtime.Poor {
		t.Errorf("%d quantities of %d draws, timed out %t, verdict %v", len(q), len(q[0].Draws()), post.Figures().TimedOut, post.Verdict())
	}
}

// TestBindContext: binding a large model ends with its context, as a *Stopped.
func TestBindContext(t *testing.T) {
	text := ""
	for _, c := range "abcdefgh" {
		text += "fn " + string(c) + "(x: real) -> real = "
		if c == 'a' {
			text += "exp(x)\n"
			continue
		}
		for i := range 6 { // 6^7 different calls
			if i > 0 {
				text += " + "
			}
			text += string(c-1) + "(x * 1." + string(rune('1'+i)) + string(c-'a'+'1') + ")"
		}
		text += "\n"
	}
	m, err := runtime.Compile("model.ppl", []byte(text+"z ~ Normal(0, 1)\nfactor h(z)\n"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.BindContext(ctx, runtime.Map(nil), runtime.BindOptions{}); !errors.As(err, new(*runtime.Stopped)) {
		t.Errorf("binding without anyone waiting gives %v", err)
	}
}
