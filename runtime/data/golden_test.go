package data

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"ppl/lang"
)

var update = flag.Bool("update", false, "rewrite the wanted output of testdata/*.txt")

// A case of testdata/*.txt starts with a line `=== NAME`. Its model follows,
// then sections: `--- FILE` writes a file and reads it, `--- -d NAME=VALUE` is
// an assignment (as is `--- path FILE` for a file that is not written), and
// `--- want` is what reading and binding must print.
type goldenCase struct {
	name, model string
	files       [][2]string
	args        []string
	want        string
	read        bool // only reading: there is no model
}

func parseCases(t *testing.T, text string) []goldenCase {
	t.Helper()
	var out []goldenCase
	for _, block := range strings.Split("\n"+text, "\n=== ")[1:] {
		name, rest, _ := strings.Cut(block, "\n")
		parts := strings.Split("\n"+rest, "\n--- ")
		c := goldenCase{name: name, model: strings.TrimSpace(parts[0]), read: strings.TrimSpace(parts[0]) == ""}
		for _, p := range parts[1:] {
			head, body, _ := strings.Cut(p, "\n")
			switch {
			case head == "want":
				c.want = strings.TrimRight(body, "\n")
			case strings.HasPrefix(head, "-d "):
				c.args = append(c.args, strings.TrimPrefix(head, "-d "))
			case strings.HasPrefix(head, "path "):
				c.args = append(c.args, strings.TrimPrefix(head, "path "))
			default:
				c.files = append(c.files, [2]string{head, unescape(body)})
				c.args = append(c.args, head)
			}
		}
		out = append(out, c)
	}
	return out
}

// unescape lets a case spell bytes that a text file had better not hold.
func unescape(s string) string {
	return strings.NewReplacer(`<BOM>`, "\uFEFF", `<CR>`, "\r", `<NUL>`, "\x00", `<GZ>`, "\x1f\x8b\x08", `<FF>`, "\xff", `<TAB>`, "\t").Replace(s)
}

func TestGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.txt")
	if len(files) == 0 {
		t.Fatal("no cases")
	}
	for _, file := range files {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var again strings.Builder
		for _, c := range parseCases(t, string(b)) {
			var got string
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+c.name, func(t *testing.T) {
				if got = strings.TrimRight(c.run(t), "\n"); got != c.want && !*update {
					t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
				}
			})
			c.want = got
			c.write(&again)
		}
		if *update {
			if err := os.WriteFile(path, []byte(again.String()), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (c goldenCase) run(t *testing.T) string {
	if c.read {
		return c.runWith(t, nil)
	}
	return c.runWith(t, model(t, c.model))
}

func (c goldenCase) runWith(t *testing.T, m *lang.Model) string {
	t.Chdir(t.TempDir())
	for _, f := range c.files {
		if err := os.WriteFile(f[0], []byte(f[1]), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tables, diags := Read(context.Background(), c.args, Options{})
	var b strings.Builder
	b.WriteString(rendered(diags))
	if c.read && !diags.HasErrors() {
		describeTables(&b, tables)
	}
	if c.read || diags.HasErrors() {
		return b.String()
	}
	bound, diags := Bind(m, tables, BindOptions{})
	b.WriteString(rendered(diags))
	if !diags.HasErrors() {
		describe(&b, bound)
	}
	return b.String()
}

func (c goldenCase) write(b *strings.Builder) {
	fmt.Fprintf(b, "=== %s\n", c.name)
	if c.model != "" {
		fmt.Fprintf(b, "%s\n", c.model)
	}
	back := strings.NewReplacer("\uFEFF", `<BOM>`, "\r", `<CR>`, "\x00", `<NUL>`, "\x1f\x8b\x08", `<GZ>`, "\xff", `<FF>`, "\t", `<TAB>`)
	k := 0
	for _, a := range c.args {
		switch {
		case k < len(c.files) && c.files[k][0] == a:
			fmt.Fprintf(b, "--- %s\n%s\n", a, back.Replace(c.files[k][1]))
			k++
		case strings.Contains(a, "="):
			fmt.Fprintf(b, "--- -d %s\n", a)
		default:
			fmt.Fprintf(b, "--- path %s\n", a)
		}
	}
	fmt.Fprintf(b, "--- want\n%s\n", c.want)
}

func describeTables(b *strings.Builder, t *Tables) {
	for _, k := range t.Names() {
		v := t.values[k]
		fmt.Fprintf(b, "%s %v", k, v.shape)
		for i := range v.nums {
			b.WriteString(" " + v.cellText(i))
		}
		b.WriteString("\n")
	}
}

func describe(b *strings.Builder, bound *Bound) {
	var names []string
	for k := range bound.Values {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		a := bound.Values[k]
		fmt.Fprintf(b, "%s %v", k, a.Shape)
		for i, x := range a.Data {
			b.WriteString(" " + plain(x))
			if a.Missing != nil && a.Missing[i] {
				b.WriteString("?")
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "dims %v levels %v unused %v\n", bound.Dims, bound.Levels, bound.Unused)
}
