package runtime_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"ppl/graph/builtin"
	"ppl/lang"
	"ppl/lang/diag"
	"ppl/runtime"
)

// A page of docs that a test writes or reads.
func page(name string) string { return filepath.Join("..", "docs", name) }

func readPage(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// current compares a page with what it should be, or rewrites it.
func current(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	switch {
	case err == nil && string(got) == want:
	case *update:
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s is not current: go test ./runtime -run Docs -update (%v)", path, err)
	}
}

func TestDocsErrors(t *testing.T) {
	var b strings.Builder
	if err := diag.ErrorsPage(&b); err != nil {
		t.Fatal(err)
	}
	current(t, page("errors.md"), b.String())
}

// TestDocsTables writes the tables of functions and distributions into the
// language reference.
func TestDocsTables(t *testing.T) {
	text := readPage(t, page("language.md"))
	text = between(t, text, "functions", functionTable())
	text = between(t, text, "distributions", distributionTable())
	current(t, page("language.md"), text)
}

// between replaces what stands between the marks of a section.
func between(t *testing.T, text, section, body string) string {
	t.Helper()
	from := strings.Index(text, "<!-- "+section+":")
	if from < 0 {
		t.Fatalf("no mark for %s", section)
	}
	from += strings.Index(text[from:], "-->\n") + len("-->\n")
	to := from + strings.Index(text[from:], "<!-- end -->")
	return text[:from] + body + text[to:]
}

func functionTable() string {
	cat := builtin.Catalogue()
	groups := map[string][]string{}
	for _, name := range cat.FuncNames() {
		f, _ := cat.Func(name)
		row := fmt.Sprintf("| `%s(%s)` | %s |", name, strings.Join(signature(f), ", "), cell(strings.TrimSuffix(f.Doc, " Of an array: of each element.")+notYet(f.NotYet)))
		groups[f.Group] = append(groups[f.Group], row)
	}
	var b strings.Builder
	for _, group := range []string{"Elementwise", "Reductions", "Vectors", "Shape", "Linear algebra", "Kernels", "Networks", "Differential equations"} {
		writeTable(&b, group, "function", groups[group])
		delete(groups, group)
	}
	for group := range groups {
		panic("a group of functions without a place in the page: " + group)
	}
	return b.String()
}

func writeTable(b *strings.Builder, title, head string, rows []string) {
	if len(rows) > 0 {
		fmt.Fprintf(b, "\n### %s\n\n| %s | |\n| --- | --- |\n%s\n", title, head, strings.Join(rows, "\n"))
	}
}

// signature marks the parameters that may be left out: the last ones, but
// for kernels, where the second set of points may be missing.
func signature(f *lang.FuncSig) []string {
	if f.Group == "Kernels" {
		return append([]string{f.Params[0], "[" + f.Params[1] + "]"}, f.Params[2:]...)
	}
	out := make([]string, len(f.Params))
	for i, p := range f.Params {
		out[i] = p
		if i >= f.MinArgs && i-f.MinArgs < len(f.Defaults) {
			p += " = " + f.Defaults[i-f.MinArgs]
		}
		if i >= f.MinArgs && !strings.HasSuffix(p, "...") {
			out[i] = "[" + p + "]"
		}
	}
	return out
}

// kinds of distributions, by what one value is.
func kindOf(d *lang.DistSig) string {
	switch {
	case d.TakesDists:
		return "Of other distributions"
	case d.EventRank > 0:
		return "Multivariate"
	case d.Support.Discrete():
		return "Discrete"
	}
	return "Continuous"
}

func distributionTable() string {
	cat := builtin.Catalogue()
	groups := map[string][]string{}
	for _, name := range cat.DistNames() {
		d, _ := cat.Dist(name)
		text := d.Doc
		if d.Density != "" {
			text += " " + d.Density + "."
		}
		if d.NoTruncation != "" {
			text += " Not truncated."
		}
		groups[kindOf(d)] = append(groups[kindOf(d)], fmt.Sprintf("| %s | %s |", forms(d), cell(text+notYet(d.NotYet))))
	}
	var b strings.Builder
	for _, kind := range []string{"Continuous", "Discrete", "Multivariate", "Of other distributions"} {
		writeTable(&b, kind, "distribution", groups[kind])
	}
	return b.String()
}

// forms are the ways to write a distribution: the first by position, the
// others by keyword.
func forms(d *lang.DistSig) string {
	var out []string
	for i, form := range d.Forms {
		var ps []string
		for _, p := range form.Params {
			text := p.Name
			if i > 0 {
				text += " ="
			} else if p.Default != "" {
				text += " = " + p.Default
			}
			ps = append(ps, text)
		}
		switch {
		case d.Name == "ZeroInflated":
			ps = append([]string{"dist"}, ps...)
		case d.TakesDists:
			ps = append(ps, "d1", "d2", "...")
		}
		out = append(out, "`"+d.Name+"("+strings.Join(ps, ", ")+")`")
	}
	return strings.Join(out, "<br>")
}

func notYet(why string) string {
	if why == "" {
		return ""
	}
	return " *(not yet)*"
}

// cell makes text fit into a cell of a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}

var snippet = regexp.MustCompile("(?s)```ppl\n(.*?)```")

// TestDocsSnippets: every snippet marked ppl, in any page, is a model without
// errors.
func TestDocsSnippets(t *testing.T) {
	pages, _ := filepath.Glob(page("*.md"))
	pages = append(pages, "../README.md")
	more, _ := filepath.Glob("../examples/*/README.md")
	for _, path := range append(pages, more...) {
		for i, m := range snippet.FindAllStringSubmatch(readPage(t, path), -1) {
			name := fmt.Sprintf("%s snippet %d", path, i+1)
			if _, err := runtime.Compile(name, []byte(m[1])); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestDocsExampleModels: the model that an example's page shows is the model
// of the example.
func TestDocsExampleModels(t *testing.T) {
	for _, ex := range examples {
		folder := filepath.Join(examplesFolder, ex.name)
		model := readPage(t, filepath.Join(folder, "model.ppl"))
		path := filepath.Join(folder, "README.md")
		text := readPage(t, path)
		want := snippet.ReplaceAllLiteralString(text, "```ppl\n"+model+"```")
		current(t, path, want)
	}
}

// TestDocsStatus: the status page names everything that a declaration says is
// not supported yet.
func TestDocsStatus(t *testing.T) {
	text := readPage(t, page("status.md"))
	cat := builtin.Catalogue()
	var names []string
	for _, name := range cat.DistNames() {
		if d, _ := cat.Dist(name); d.NotYet != "" {
			names = append(names, name)
		}
	}
	for _, name := range cat.FuncNames() {
		if f, _ := cat.Func(name); f.NotYet != "" {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/status.md does not say that `%s` is not supported yet", name)
		}
	}
	for _, m := range snippetNotYet.FindAllStringSubmatch(text, -1) {
		model, err := runtime.Compile("docs/status.md", []byte(m[1]))
		if err != nil {
			t.Error(err)
			continue
		}
		if len(model.Checked().NotYet) == 0 {
			t.Errorf("docs/status.md says that this is not supported yet, but it is:\n%s", m[1])
		}
	}
}

var snippetNotYet = regexp.MustCompile("(?s)```ppl-not-yet\n(.*?)```")

// TestDocsDependencies compares the page with the direct requirements of go.mod.
func TestDocsDependencies(t *testing.T) {
	text := readPage(t, page("dependencies.md"))
	listed := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (\\S+) \\|").FindAllStringSubmatch(text, -1) {
		listed[m[1]] = m[2]
	}
	// Until `go mod tidy` has run, go.mod marks requirements wrongly: ask which
	// modules the packages of this one import.
	direct := directModules(t)
	for path, version := range direct {
		if listed[path] != version {
			t.Errorf("docs/dependencies.md lists %s at %q, go.mod has %s", path, listed[path], version)
		}
	}
	for path := range listed {
		if _, ok := direct[path]; !ok {
			t.Errorf("docs/dependencies.md lists %s, which no package imports", path)
		}
	}
}

func directModules(t *testing.T) map[string]string {
	t.Helper()
	imports := strings.Fields(goList(t, `{{range .Imports}}{{.}} {{end}}{{range .TestImports}}{{.}} {{end}}{{range .XTestImports}}{{.}} {{end}}`, "ppl/..."))
	seen := map[string]bool{}
	var outside []string
	for _, path := range imports {
		first, _, _ := strings.Cut(path, "/")
		if strings.Contains(first, ".") && !seen[path] {
			seen[path] = true
			outside = append(outside, path)
		}
	}
	out := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(goList(t, "{{.Module.Path}} {{.Module.Version}}", outside...)), "\n") {
		path, version, _ := strings.Cut(line, " ")
		out[path] = version
	}
	return out
}

func goList(t *testing.T, format string, packages ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-f", format}, packages...)...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64") // what other systems leave out counts too
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	return string(out)
}

var link = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)

// TestDocsLinks: links within the repository lead somewhere.
func TestDocsLinks(t *testing.T) {
	pages, _ := filepath.Glob(page("*.md"))
	commands, _ := filepath.Glob(page("commands/*.md"))
	exampleReadmes, _ := filepath.Glob("../examples/*/README.md")
	for _, list := range [][]string{pages, commands, exampleReadmes, {"../README.md", "../examples/README.md"}} {
		for _, path := range list {
			for _, m := range link.FindAllStringSubmatch(readPage(t, path), -1) {
				if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
	}
}
