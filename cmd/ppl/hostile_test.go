//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What hostile input may cost: the one place where a test bounds time, of the
// processor, which a busy machine does not stretch much.
const (
	hostileTime   = 5 * time.Second
	hostileMemory = 1 << 30
)

// hostile is a model, with data, that asks for much in a small text or is large
// itself, and what ppl answers.
type hostile struct {
	name, model, data string
	args              []string // before the model; "fit" with a time limit of a second if there are none
	status            []int    // 0 if empty
	says              string
}

var (
	checked = []string{"check"}
	fitted  = []string{"fit"}
	refused = []int{exitWrong}
	stopped = []int{0, exitPoor} // with what there is, or nothing yet
)

// repeated writes lines numbered from 1.
func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i+1, i)
	}
	return b.String()
}

func hostileInputs() []hostile {
	const a = "a ~ Normal(0, 1)\n"
	twice := func(call string) string {
		return "fn f0(x: real) -> real = x * x\n" + repeated(40, "fn f%[1]d(x: real) -> real = "+call+"\n") + a + "let b = f40(a)\n"
	}
	chained := a + "let x0 = a\n" + repeated(10_000, "let x%[1]d = x%[2]d + 1\n")
	return []hostile{
		{name: "functions that call one another twice", model: twice("f%[2]d(x) / 2 + f%[2]d(x + 1) / 2"), args: fitted, says: "verdict"},
		{name: "functions whose arguments all differ", model: twice("f%[2]d(x * 1.%[1]d) + f%[2]d(x / 1.%[1]d)"), args: fitted, status: refused, says: "operations on arrays"},
		{name: "lets, each of the one before, checked", model: chained, args: checked},
		{name: "lets, each of the one before, fitted", model: chained, status: stopped},
		{name: "a hundred thousand statements", model: a + repeated(100_000, "let x%[1]d = a + %[1]d\n"), args: checked},
		{name: "fifty thousand latents in a text", model: repeated(50_000, "x%[1]d ~ Normal(0, 1)\n"), status: []int{exitWrong, exitPoor}},
		{name: "ten thousand latents in a text", model: repeated(10_000, "x%[1]d ~ Normal(0, 1)\n"), status: stopped},
		{name: "thirty thousand latents", model: "x[i in 1..30000] ~ Normal(0, 1)\n", says: "TIME LIMIT"},
		{name: "a plate with two indices", model: "m ~ Normal(0, 1)\nx[i in 1..76, j in 1..76] ~ Normal(m, 1)\n", status: stopped},
		{name: "two large discrete latents", model: "data y : real\nk ~ DiscreteUniform(1, 100000)\nl ~ DiscreteUniform(1, 100000)\ny ~ Normal(k + l, 1)\n", data: `{"y": 3}`, status: stopped},
		{name: "coupled discrete latents", model: "data y : real\nz[i in 1..200] ~ Bernoulli(0.5)\ny ~ Normal(sum(z), 1)\n", data: `{"y": 90}`, status: stopped},
		{name: "a sum of 49,000 terms", model: a + "y ~ Normal(" + strings.Repeat("a + ", 49_000) + "a, 1)\n", status: stopped},
		{name: "a large simplex", model: "p : simplex[100000000] ~ Dirichlet(ones(100000000))\n", args: fitted, status: refused, says: "too-large"},
		{name: "a large product", model: a + "factor a * sum(outer(ones(16000), ones(16000)))\n", args: fitted, status: refused, says: "too-large"},
		{name: "large arrays together", model: a + repeated(20, "let c%[1]d = fill(%[1]d, 30000000)\n") + "factor a * c1[1]\n", args: fitted, status: refused, says: "too-large"},
		{name: "arrays that double", model: "let x0 = [1.0, 2]\n" + repeated(40, "let x%[1]d = concat(x%[2]d, x%[2]d)\n") + a + "factor a * x40[1]\n", args: fitted, status: refused, says: "too-large"},
		{name: "latent arrays that double", model: a + "let x0 = [a, 2]\n" + repeated(40, "let x%[1]d = concat(x%[2]d, x%[2]d)\n"), args: fitted, status: refused, says: "too-large"},
		{name: "a large matrix of latents", model: "m : real[20000, 20000] ~ Normal(0, 1)\n", args: fitted, status: refused, says: "too-large"},
		{name: "a large comprehension", model: a + "let v = [a * i for i in 1..30000, j in 1..30000]\n", args: fitted, status: refused, says: "more than can be worked with"},
		{name: "plates in plates", model: a + "plate i in 1..100000 { plate j in 1..100000 { factor a * i * j } }\n", args: fitted, status: refused, says: "more than can be worked with"},
		{name: "a long recurrence", model: a + "let x[1] = a\nfor t in 2..1000000000 { let x[t] = x[t-1] / 2 }\n", args: fitted, status: refused, says: "more than can be worked with"},
		{name: "300,000 numbers in brackets", model: a + "let v = [" + strings.Repeat("3.5, ", 300_000) + "1]\nfactor a * sum(v)\n", args: checked},
		{name: "a million parentheses", model: strings.Repeat("(", 1_000_000), args: checked, status: refused},
		{name: "twenty thousand unknown names", model: repeated(20_000, "let x%[1]d = y%[1]d\n"), args: checked, status: refused, says: "there are more errors"},
		{name: "a ring of twenty thousand functions", model: "fn f0(x: real) -> real = f20000(x)\n" + repeated(20_000, "fn f%[1]d(x: real) -> real = f%[2]d(x)\n") + a, args: checked, status: refused, says: "calls itself"},
		{name: "twenty thousand pieces", model: "x[1] ~ Normal(0, 1)\n" + repeated(20_000, "x[%[1]d + 1] ~ Normal(x[%[1]d], 1)\n"), args: checked},
		{name: "data nested a million deep", model: "data y : real[N]\ny ~ Normal(0, 1)\n" + a, data: `{"y": ` + strings.Repeat("[", 1_000_000), args: fitted, status: refused},
		{name: "4.5 million rows", model: "data y : real[N]\n" + a + "y ~ Normal(a, 1)\n", data: "y\n" + strings.Repeat("0.5\n1.5\n-1\n", 1_500_000), args: fitted, says: "verdict"},
	}
}

// TestHostile: whatever the input, ppl answers within 5 s of processor time and 1 GB.
// Of the whole battery only .ci/run asks, by PPL_HOSTILE=1.
func TestHostile(t *testing.T) {
	if os.Getenv("PPL_HOSTILE") != "1" {
		t.Skip("set PPL_HOSTILE=1")
	}
	for _, h := range hostileInputs() {
		t.Run(h.name, h.run)
	}
}

func (h hostile) run(t *testing.T) {
	dir := t.TempDir()
	model := filepath.Join(dir, "model.ppl")
	args := h.args
	if args == nil {
		args = []string{"fit", "--max-time", "1s"}
	}
	args = append(args[:len(args):len(args)], model)
	if err := os.WriteFile(model, []byte(h.model), 0o666); err != nil {
		t.Fatal(err)
	}
	if h.data != "" {
		data := filepath.Join(dir, map[bool]string{true: "data.json", false: "data.csv"}[strings.HasPrefix(h.data, "{")])
		if err := os.WriteFile(data, []byte(h.data), 0o666); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-d", data)
	}
	// A machine that is shared counts now and then half as much again as processor time. So what is over the limit is run
	// twice more, and the least counts: what a program needs it needs each time.
	for try := range 3 {
		if spent := h.once(t, args, try == 2); spent <= hostileTime {
			return
		}
	}
}

// once runs ppl and gives the processor time that it took, which is checked too if the run is the last.
func (h hostile) once(t *testing.T, args []string, last bool) time.Duration {
	// The shell's limits keep the machine alive where ppl fails.
	cmd := exec.Command("sh", append([]string{"-c", `ulimit -t 20; ulimit -v 8388608; exec ppl "$@"`, "sh"}, args...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	spent := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	memory := used.Maxrss << 10
	status := cmd.ProcessState.ExitCode()
	t.Logf("%.2f s, %d MB, status %d", spent.Seconds(), memory>>20, status)
	if last && spent > hostileTime || memory > hostileMemory {
		t.Errorf("took %.2f s of processor time and %d MB", spent.Seconds(), memory>>20)
	}
	expected := len(h.status) == 0 && status == 0
	for _, s := range h.status {
		expected = expected || s == status
	}
	if !expected || !strings.Contains(out.String(), h.says) {
		t.Errorf("status %d, and says %.2000q", status, out.String())
	}
	return spent
}
