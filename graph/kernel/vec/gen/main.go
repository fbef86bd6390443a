// Command gen writes the generated files of package vec: the portable elementwise loops, and the
// assembly kernels for AVX2 and AVX-512 with their declarations.
//
// Run it in this folder as go run . , or as go run . -o DIR to write elsewhere.
package main

import (
	"flag"
	"log"
	"os"
	"path/filepath"
)

func main() {
	log.SetFlags(0)
	out := flag.String("o", "..", "folder to write to")
	flag.Parse()
	for _, f := range files() {
		if err := os.WriteFile(filepath.Join(*out, f.name), f.text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// A file is one generated file.
type file struct {
	name string
	text []byte
}

// files generates everything.
func files() []file {
	out := []file{
		{"portable_loops.go", must(portable())},
		{"native_tables_amd64.go", must(nativeTables())},
	}
	for _, part := range parts {
		for _, wide := range []bool{false, true} {
			m := &machine{wide: wide}
			name := part.name + "_" + m.level() + "_amd64"
			asm, stubs, err := assemble(wide, part.body)
			if err != nil {
				log.Fatalf("assembling %s: %v", name, err)
			}
			out = append(out, file{name + ".s", asm}, file{name + ".go", stubs})
		}
	}
	return out
}

// parts are the assembly files of each machine.
var parts = []struct {
	name string
	body func(m *machine)
}{
	{"functions", (*machine).unaryKernels},
	{"elementwise", func(m *machine) {
		m.blockKernels(binaryOperations, 2)
		m.blockKernels(ternaryOperations, 3)
	}},
	{"reductions", (*machine).reductions},
	{"matrices", (*machine).matrices},
	{"cells", (*machine).cells},
	{"densities", (*machine).densityKernels},
}

func must(text []byte, err error) []byte {
	if err != nil {
		log.Fatal(err)
	}
	return text
}
