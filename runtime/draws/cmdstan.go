package draws

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Run is what the comments of CmdStan's CSV say of where the draws come from.
type Run struct {
	Model string
	Seed  uint64
	// NUTS is nil for draws that are not those of chains: CmdStan's algorithm
	// fixed_param.
	NUTS *NUTS
}

// NUTS is the configuration of the sampler, and what each chain adapted to.
type NUTS struct {
	Warmup   int
	Delta    float64 // target acceptance
	MaxDepth int
	Metric   string // unit_e, diag_e or dense_e
	Chains   []Adapted
}

// Adapted is what a chain came to in its warm-up.
type Adapted struct {
	StepSize float64
	// InvMetric is the diagonal of the inverse metric as one row, or all its rows for
	// dense_e.
	InvMetric        [][]float64
	Warmup, Sampling time.Duration
}

// ChainPath is the name of the file of a chain, from 1: `x_1.csv` for `x.csv`.
func ChainPath(path string, chain int) string {
	ext := filepath.Ext(path)
	return strings.TrimSuffix(path, ext) + "_" + strconv.Itoa(chain) + ext
}

// WriteCmdStan writes one chain, counted from 1, as CmdStan does. Chain 0 is all of
// them in one file, with a column chain__ where there are several; what they adapted
// to is not in it then.
func (t *Table) WriteCmdStan(w io.Writer, run Run, chain int) error {
	if err := t.check(); err != nil {
		return err
	}
	if chain < 0 || chain > t.chains() {
		return fmt.Errorf("there is no chain %d of %d", chain, t.chains())
	}
	if run.NUTS != nil && len(run.NUTS.Chains) != t.chains() {
		return fmt.Errorf("%d chains adapted, and %d have draws", len(run.NUTS.Chains), t.chains())
	}
	from, to, withChain := 0, t.Draws, t.Chains > 1
	if chain > 0 {
		from, to, withChain = (chain-1)*t.length(), chain*t.length(), false
	}
	columns := t.cmdStanColumns()
	b := bufio.NewWriter(w)
	writeConfiguration(b, run, to-from, max(chain, 1))
	t.writeNotes(b, columns)
	writeHeader(b, columns, withChain)
	if run.NUTS != nil && (chain > 0 || !withChain) {
		writeAdaptation(b, run.NUTS.Metric, run.NUTS.Chains[max(chain, 1)-1])
	}
	if err := t.writeRows(b, columns, from, to, withChain); err != nil {
		return err
	}
	writeTimes(b, run, chain)
	return b.Flush()
}

// cmdStanColumns has lp__ first, and the elements of arrays by their last index first.
func (t *Table) cmdStanColumns() []Column {
	columns := slices.Clone(t.Sampler)
	if !slices.ContainsFunc(columns, func(c Column) bool { return c.Name == "lp__" }) {
		zero := func(dst []float64, _ int) error { clear(dst); return nil }
		columns = append([]Column{{Name: "lp__", Label: "lp__", Values: zero}}, columns...)
	}
	for rest := t.Columns; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].variable() == rest[0].variable() {
			n++
		}
		array := slices.Clone(rest[:n])
		slices.SortStableFunc(array, lastIndexFirst)
		columns, rest = append(columns, array...), rest[n:]
	}
	return columns
}

// lastIndexFirst compares the indices of two elements of an array from the last one on.
func lastIndexFirst(a, b Column) int {
	x, y := strings.Split(a.Name, ".")[1:], strings.Split(b.Name, ".")[1:]
	for k := 1; k <= min(len(x), len(y)); k++ {
		i, _ := strconv.Atoi(x[len(x)-k])
		j, _ := strconv.Atoi(y[len(y)-k])
		if c := cmp.Compare(i, j); c != 0 {
			return c
		}
	}
	return 0
}

// writeConfiguration writes the lines that the readers look for. save_warmup is 0,
// not false, for rstan and ArviZ take it as a number; draws is what is in the file.
func writeConfiguration(b *bufio.Writer, run Run, draws, id int) {
	set := func(depth int, key string, value any) {
		fmt.Fprintf(b, "# %s%s = %v\n", strings.Repeat("  ", depth), key, value)
	}
	section := func(depth int, name string) { fmt.Fprintf(b, "# %s%s\n", strings.Repeat("  ", depth), name) }
	warmup := 0
	if run.NUTS != nil {
		warmup = run.NUTS.Warmup
	}
	set(0, "model", modelName(run.Model))
	set(0, "method", "sample")
	section(1, "sample")
	set(2, "num_samples", draws)
	set(2, "num_warmup", warmup)
	set(2, "save_warmup", 0)
	set(2, "thin", 1)
	if n := run.NUTS; n != nil {
		section(2, "adapt")
		set(3, "engaged", 1)
		set(3, "delta", n.Delta)
		set(2, "algorithm", "hmc")
		section(3, "hmc")
		set(4, "engine", "nuts")
		section(5, "nuts")
		set(6, "max_depth", n.MaxDepth)
		set(4, "metric", n.Metric)
		set(4, "stepsize", 1)
		set(4, "stepsize_jitter", 0)
	} else {
		set(2, "algorithm", "fixed_param")
	}
	set(0, "id", id)
	section(0, "random")
	set(1, "seed", run.Seed)
}

// modelName is CmdStan's: `radon_model`, of characters that no reader stumbles on.
func modelName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	return name + "_model"
}

// writeNotes writes the comments and the labels of columns that are not their names:
// `# ppl column theta.1: "theta[AITKIN]"`, the label as a string of JSON.
func (t *Table) writeNotes(b *bufio.Writer, columns []Column) {
	for _, c := range t.Comments {
		for _, line := range strings.FieldsFunc(c, func(r rune) bool { return r == '\n' || r == '\r' }) {
			fmt.Fprintf(b, "# ppl: %s\n", inComment.Replace(line))
		}
	}
	for _, c := range columns {
		if c.Label != c.Name {
			fmt.Fprintf(b, "# ppl column %s: %s\n", c.Name, inJSON.Replace(quoted(c.Label)))
		}
	}
}

// quoted is a string of JSON, with letters as they are.
func quoted(s string) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // no string is without JSON
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// phrases are what a reader takes for its own wherever it stands in a comment, and how
// they are written in a comment for people; readers go by upper and lower case.
var phrases = [][2]string{
	{"Elapsed Time", "elapsed time"},
	{"Adaptation terminated", "adaptation terminated"},
	{"inverse mass matrix", "Inverse mass matrix"},
	{"(Warm-up)", "(warm-up)"},
	{"(Sampling)", "(sampling)"},
	{"(Total)", "(total)"},
}

// inComment writes the phrases otherwise, inJSON escapes a letter of them, and the sign
// of an assignment.
var inComment, inJSON = func() (prose, escaped *strings.Replacer) {
	var p []string
	e := []string{"=", `\u003d`}
	for _, phrase := range phrases {
		p = append(p, phrase[0], phrase[1])
		e = append(e, phrase[0], fmt.Sprintf(`\u%04x%s`, phrase[0][0], phrase[0][1:]))
	}
	return strings.NewReplacer(p...), strings.NewReplacer(e...)
}()

func writeAdaptation(b *bufio.Writer, metric string, a Adapted) {
	fmt.Fprintf(b, "# Adaptation terminated\n# Step size = %v\n", a.StepSize)
	if len(a.InvMetric) == 0 {
		return
	}
	if metric == "dense_e" {
		b.WriteString("# Elements of inverse mass matrix:\n")
	} else {
		b.WriteString("# Diagonal elements of inverse mass matrix:\n")
	}
	for _, row := range a.InvMetric {
		line := []byte("# ")
		for i, v := range row {
			if i > 0 {
				line = append(line, ", "...)
			}
			line = appendNumber(line, v)
		}
		b.Write(append(line, '\n'))
	}
}

// writeTimes writes those of a chain, or of all for chain 0.
func writeTimes(b *bufio.Writer, run Run, chain int) {
	var warmup, sampling time.Duration
	if run.NUTS != nil {
		for i, a := range run.NUTS.Chains {
			if chain == 0 || chain == i+1 {
				warmup += a.Warmup
				sampling += a.Sampling
			}
		}
	}
	fmt.Fprintf(b, "# \n#  Elapsed Time: %.6f seconds (Warm-up)\n", warmup.Seconds())
	fmt.Fprintf(b, "#                %.6f seconds (Sampling)\n", sampling.Seconds())
	fmt.Fprintf(b, "#                %.6f seconds (Total)\n# \n", (warmup + sampling).Seconds())
}
