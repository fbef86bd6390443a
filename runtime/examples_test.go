package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ppl/parser"
	"ppl/runtime"
)

var update = flag.Bool("update", false, "rewrite what the tests of examples and docs compare: outputs in READMEs, generated pages")

// example is one folder of examples/. Its fit with default settings comes
// close to the reference in the folder (reference.json, computed by reference.R
// without ppl), and its verdict is good.
type example struct {
	name, data string
	// long says that a fit takes a second or more. There is one of those, not two: what the
	// page shows is compared with TestExamples' own fit, but for PPL_SLOW=1.
	long bool
	// slow ones take many seconds, and are fitted with PPL_SLOW=1.
	slow bool
}

// tolerance bounds the error of every mean in reference sds, and |log| of the
// ratio of every sd to the reference's. The error of a probability is bounded by
// probability itself.
type tolerance struct{ mean, sd, probability float64 }

// accurate is the rule that reference posteriors are scored by.
var accurate = tolerance{0.1, math.Log(1.1), 0.01}

var examples = []example{
	{name: "eight_schools", data: "data.json", long: true},
	{name: "chick_weight", data: "data.json", long: true},
	{name: "infert", data: "data.csv"},
	{name: "insect_sprays", data: "data.csv"},
	{name: "nile", data: "data.csv", long: true},
	{name: "lynx", data: "data.csv"},
	{name: "dax", data: "data.csv", long: true},
	{name: "esoph", data: "data.csv", long: true, slow: true},
	{name: "rabbits", data: "data.csv"},
	{name: "nile_dam", data: "data.csv"},
	{name: "geyser", data: "data.csv", long: true, slow: true},
	{name: "reactor", data: "data.json", long: true, slow: true},
	{name: "faithful", data: "data.csv"},
	{name: "stackloss", data: "data.csv", long: true},
	{name: "quakes", data: "data.csv"},
	{name: "airquality", data: "data.csv", long: true, slow: true},
	{name: "remission", data: "data.csv"},
	{name: "schools", data: "data.csv"},
	{name: "dyestuff", data: "data.csv"},
}

const examplesFolder = "../examples"

func TestExamples(t *testing.T) {
	for _, ex := range examples {
		if ex.slow && !slow {
			continue
		}
		t.Run(ex.name, func(t *testing.T) {
			t.Parallel()
			post := fitExample(t, ex)
			if post.Verdict() != runtime.Good || !post.Figures().Converged {
				t.Errorf("verdict %q (%s), %s; want %q", post.Verdict(), strings.Join(post.Reasons(), "; "), post.Figures().Ended, runtime.Good)
			}
			for name, want := range referenceOf(t, ex.name) {
				compare(t, post, name, want)
			}
			if ex.long {
				compareShown(t, post, filepath.Join(examplesFolder, ex.name, "README.md"))
			}
		})
	}
}

// shownRow is a row of a table of quantities that a page shows: a name, a mean, an sd and
// quantiles. shownStates is one of probabilities, shownVerdict the verdict.
var (
	shownRow     = regexp.MustCompile(`(?m)^(\S+) +(-?[\d.]+) +([\d.]+)(?: +-?[\d.]+){3}`)
	shownStates  = regexp.MustCompile(`(?m)^(\S+) +(0\.\d+) +(0\.\d+)$`)
	shownVerdict = regexp.MustCompile(`(?m)^verdict +(\w+)$`)
)

// compareShown compares the figures that a page shows of a fit, and its verdict, with
// the posterior.
func compareShown(t *testing.T, post *runtime.Posterior, path string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	if m := shownVerdict.FindStringSubmatch(text); m == nil || m[1] != string(post.Verdict()) {
		t.Errorf("%s shows %v, the verdict is %s", path, m, post.Verdict())
	}
	same := func(name, shown string, x float64) {
		if got := strconv.FormatFloat(x, 'f', max(0, len(shown)-strings.Index(shown+".", ".")-1), 64); !sameOutput(shown, got) {
			t.Errorf("%s shows %s of %s, it is %g", path, shown, name, x)
		}
	}
	rows := shownRow.FindAllStringSubmatch(text, -1)
	for _, m := range rows {
		q, err := post.Quantity(m[1])
		if err != nil {
			t.Fatal(err)
		}
		same("the mean of "+m[1], m[2], q.Mean)
		same("the sd of "+m[1], m[3], q.SD)
	}
	if len(rows) == 0 {
		t.Errorf("%s shows no quantity", path)
	}
	for _, m := range shownStates.FindAllStringSubmatch(text, -1) {
		q, err := post.DiscreteQuantity(m[1])
		if err != nil {
			t.Fatal(err)
		}
		same("the probabilities of "+m[1], m[2], q.P[0])
		same("the probabilities of "+m[1], m[3], q.P[1])
	}
}

// TestEveryExampleIsListed keeps a folder from being forgotten.
func TestEveryExampleIsListed(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(examplesFolder, "*", "model.ppl"))
	if err != nil || len(folders) != len(examples) {
		t.Errorf("%d folders with a model, %d in the table: %v", len(folders), len(examples), err)
	}
	for _, ex := range examples {
		for _, file := range []string{"model.ppl", ex.data, "README.md", "reference.R", "reference.json"} {
			if _, err := os.Stat(filepath.Join(examplesFolder, ex.name, file)); err != nil {
				t.Error(err)
			}
		}
	}
}

func fitExample(t *testing.T, ex example) *runtime.Posterior {
	t.Helper()
	m, err := runtime.CompileFile(filepath.Join(examplesFolder, ex.name, "model.ppl"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Bind(runtime.Files(context.Background(), filepath.Join(examplesFolder, ex.name, ex.data)))
	if err != nil {
		t.Fatal(err)
	}
	post, err := p.Fit(context.Background(), runtime.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return post
}

type moments struct{ Mean, SD, MCSE float64 }

func referenceOf(t *testing.T, name string) map[string]moments {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(examplesFolder, name, "reference.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r struct{ Parameters map[string]moments }
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return r.Parameters
}

func compare(t *testing.T, post *runtime.Posterior, name string, want moments) {
	if m := probabilityName.FindStringSubmatch(name); m != nil {
		value, _ := strconv.Atoi(m[2])
		p, err := post.Probability(m[1], value)
		if err != nil || !(math.Abs(p-want.Mean) <= accurate.probability+4*want.MCSE*want.SD) {
			t.Errorf("%s is %.4f, reference %.4f: %v", name, p, want.Mean, err)
		}
		return
	}
	for _, p := range post.Params() {
		for i, v := range p.Values {
			if p.Name(i) == name {
				if !(math.Abs(v-want.Mean) <= 1e-5*math.Abs(want.Mean)) { // as many digits as the reference has
					t.Errorf("%s is %.7g, reference %.7g", name, v, want.Mean)
				}
				return
			}
		}
	}
	q, err := post.Quantity(name)
	if err != nil {
		t.Error(err)
		return
	}
	allowed := accurate
	if off := (q.Mean - want.Mean) / want.SD; !(math.Abs(off) <= allowed.mean) {
		t.Errorf("%s: mean %.5g, reference %.5g: %+.2f sd off, %.2f allowed", name, q.Mean, want.Mean, off, allowed.mean)
	}
	if !(math.Abs(math.Log(q.SD/want.SD)) <= allowed.sd) {
		t.Errorf("%s: sd %.4g, reference %.4g: %.2f times, e^±%.2f allowed", name, q.SD, want.SD, q.SD/want.SD, allowed.sd)
	}
}

// probabilityName is how a reference calls the probability of a value of a
// discrete latent: P(z[3] = 1).
var probabilityName = regexp.MustCompile(`^P\((.+) = (-?\d+)\)$`)

// TestExamplesFormatted: the examples show the one style.
func TestExamplesFormatted(t *testing.T) {
	for _, ex := range examples {
		path := filepath.Join(examplesFolder, ex.name, "model.ppl")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if formatted, diags := parser.FormatSource(path, text); len(diags) > 0 || formatted != string(text) {
			t.Errorf("%s is not formatted: ppl fmt -w %s", path, path)
		}
	}
}

// TestConsole runs the commands that the READMEs show and compares what they
// print. A block is fenced as `console`; a line `$ ppl ...` or
// `$ go run ./cmd/ppl ...` is run at the root of the repository. Fits of long examples
// are left to TestExamples and, with calibrations, to PPL_SLOW=1, unless a page goes on
// from what they save; so is the page that goes the whole way.
func TestConsole(t *testing.T) {
	pages := []string{"../README.md"}
	for _, pattern := range []string{"../examples/*/README.md", "../docs/*.md", "../docs/commands/*.md"} {
		more, _ := filepath.Glob(pattern)
		pages = append(pages, more...)
	}
	for _, page := range pages {
		t.Run(strings.TrimPrefix(page, "../"), func(t *testing.T) {
			t.Parallel()
			checkConsole(t, page)
		})
	}
}

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```\n")

func checkConsole(t *testing.T, page string) {
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	changed := consoleBlock.ReplaceAllStringFunc(text, func(block string) string {
		body := strings.TrimSuffix(strings.TrimPrefix(block, "```console\n"), "```\n")
		return "```console\n" + replay(t, body) + "```\n"
	})
	if *update && changed != text {
		if err := os.WriteFile(page, []byte(changed), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// replay runs the commands of a block; what comes back is the block with the
// output of now.
func replay(t *testing.T, body string) string {
	var out strings.Builder
	for _, step := range strings.Split("\n"+body, "\n$ ")[1:] {
		command, shown, _ := strings.Cut(step, "\n")
		if shown != "" && !strings.HasSuffix(shown, "\n") {
			shown += "\n" // which the next command's `$ ` was split off with
		}
		got := shown
		if slow || *update || !takesLong(command) {
			got = runShown(t, command)
		}
		switch same := sameOutput(shown, got); {
		case same:
			got = shown // times and all
		case !*update:
			t.Errorf("$ %s\nshown:\n%s\nnow (go test ./runtime -run Console -update rewrites it):\n%s", command, shown, got)
		}
		out.WriteString("$ " + command + "\n" + got)
	}
	return out.String()
}

// takesLong reports whether a command fits a long example, calibrates, or goes on from a fit as on
// the page of the whole way: of these the scripts of cmd/ppl and TestSBC have shorter ones.
func takesLong(command string) bool {
	return strings.HasPrefix(command, "ppl sbc ") || strings.Contains(command, " examples/whole_way/") || !strings.Contains(command, "--save") && slices.ContainsFunc(examples, func(ex example) bool {
		return (ex.long || ex.slow) && strings.Contains(command, "fit examples/"+ex.name+"/")
	})
}

// internalError is the exit status of a fault of ppl, which no page shows.
const internalError = 70

func runShown(t *testing.T, command string) string {
	args, ok := strings.CutPrefix(command, "ppl ")
	if !ok {
		if args, ok = strings.CutPrefix(command, "go run ./cmd/ppl "); !ok {
			t.Fatalf("a console block may run ppl only, not %q", command)
		}
	}
	cmd := exec.Command(binary(t), words(args)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	got, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() == internalError) {
		t.Fatalf("$ %s: %v\n%s", command, err, got)
	}
	return string(got)
}

var word = regexp.MustCompile(`'[^']*'|\S+`)

// words splits a command line, single quotes respected.
func words(line string) []string {
	parts := word.FindAllString(line, -1)
	for i, p := range parts {
		parts[i] = strings.Trim(p, "'")
	}
	return parts
}

var built atomic.Bool

var build = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "ppl")
	if err != nil {
		return "", err
	}
	built.Store(true)
	path := filepath.Join(folder, "ppl.exe") // a name that every system runs
	out, err := exec.Command("go", "build", "-o", path, "ppl/cmd/ppl").CombinedOutput()
	if err != nil {
		return path, fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
})

// binary is ppl, built once for all tests of the package.
func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatalf("go build ppl/cmd/ppl: %v", err)
	}
	return path
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.Load() {
		path, _ := build()
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

var (
	timing = regexp.MustCompile(`(?m)^time     .*$|"(compile|fit)": [\d.e-]+`)
	figure = regexp.MustCompile(`-?\d+(\.\d+)?(e[+-]\d+)?`)
	blanks = regexp.MustCompile(` +`)
)

// sameOutput compares what a page shows with what is printed now: the same
// text, times apart. The last printed digit of a figure may differ by one, and a
// figure in full precision by a millionth: the order of additions is that of
// the machine's vector width, and only a machine of the same type repeats every bit.
func sameOutput(shown, got string) bool {
	shown, got = timing.ReplaceAllString(shown, "time"), timing.ReplaceAllString(got, "time")
	if shown == got {
		return true
	}
	a, b := figure.FindAllString(shown, -1), figure.FindAllString(got, -1)
	plain := func(s string) string { return blanks.ReplaceAllString(figure.ReplaceAllString(s, "#"), " ") }
	if plain(shown) != plain(got) || len(a) != len(b) {
		return false
	}
	for i := range a {
		if !nearFigure(a[i], b[i]) {
			return false
		}
	}
	return true
}

func nearFigure(a, b string) bool {
	x, _ := strconv.ParseFloat(a, 64)
	y, _ := strconv.ParseFloat(b, 64)
	unit := math.Max(lastPlace(a), lastPlace(b))
	if max(len(a), len(b)) > 14 {
		return math.Abs(x-y) <= 1e-6*math.Max(math.Abs(x), math.Abs(y))
	}
	return a == b || unit < 1 && math.Abs(x-y) < 1.5*unit
}

// lastPlace is one unit in the last printed digit.
func lastPlace(s string) float64 {
	if i := strings.IndexByte(s, '.'); i >= 0 {
		return math.Pow(10, float64(i+1-len(s)))
	}
	return 1
}
